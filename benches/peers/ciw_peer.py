"""W1 in Ciw. Its network has no client that gives up while its request goes on, so W2 can't be told in it.

ciw_peer.py w1 MESSAGES: prints a line of JSON.
"""

import json
import sys
import time

import ciw


def w1(customers):
    """One server, first come, first served, at 90 % load, until the last customer has left."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=0.9)],
        service_distributions=[ciw.dists.Exponential(rate=1.0)],
        number_of_servers=[1],
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers)
    waits = [record.waiting_time for record in simulation.get_all_records()]
    return {"messages": len(waits), "waiting_mean_s": sum(waits) / len(waits) / 1000}


if __name__ == "__main__":
    assert sys.argv[1] == "w1"
    began = time.process_time()
    told = w1(int(sys.argv[2]))
    print(json.dumps({"seconds": time.process_time() - began, **told}))
