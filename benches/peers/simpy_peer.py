"""W1, W2 and W3 in SimPy: a process for every customer, nothing recorded but what the answer needs.

simpy_peer.py w1|w2 MESSAGES, simpy_peer.py w3 HOURS: prints a line of JSON.
"""

import json
import random
import sys
import time

import simpy


def w1(customers):
    """One server, first come, first served, at 90 % load, until the last customer has left."""
    chance = random.Random(1)
    env = simpy.Environment()
    server = simpy.Resource(env, 1)
    waited = 0.0

    def customer():
        nonlocal waited
        came = env.now
        with server.request() as turn:
            yield turn
            waited += env.now - came
            yield env.timeout(chance.expovariate(1.0))

    def arrivals():
        for _ in range(customers):
            yield env.timeout(chance.expovariate(0.9))
            env.process(customer())

    env.process(arrivals())
    env.run()
    return {"messages": customers, "waiting_mean_s": waited / customers / 1000}


def w2(requests):
    """Eight servers at 80 % load, room for 16 in line, timeout, three retries, back-off with full jitter."""
    chance = random.Random(1)
    env = simpy.Environment()
    servers = simpy.Resource(env, 8)
    answered, latency, timed_out, refused = 0, 0.0, 0, 0

    def service(answer):
        with servers.request() as turn:
            yield turn
            yield env.timeout(chance.expovariate(10.0))
        answer.succeed()

    def request():
        nonlocal answered, latency, timed_out, refused
        made = env.now
        for attempt in range(4):
            if attempt > 0:
                yield env.timeout(chance.uniform(0, min(10.0, 0.1 * 2 ** (attempt - 1))))
            if servers.count == 8 and len(servers.queue) >= 16:
                refused += 1
                continue
            answer = env.event()
            env.process(service(answer))
            yield answer | env.timeout(0.5)
            if answer.triggered:
                answered += 1
                latency += env.now - made
                return
            timed_out += 1

    def arrivals():
        for _ in range(requests):
            yield env.timeout(chance.expovariate(64.0))
            env.process(request())

    env.process(arrivals())
    env.run()
    return {
        "messages": requests,
        "latency_mean_s": latency / answered,
        "timed_out": timed_out,
        "refused": refused,
    }


class Service:
    """200 threads; the request that finds none left brings it down for a minute, and all that were inside fail."""

    def __init__(self, env):
        self.env = env
        self.crashes = 0
        self.start()

    def start(self, _=None):
        self.up = True
        self.inside = 0
        self.down = self.env.event()

    def crash(self):
        self.crashes += 1
        self.up = False
        # Before anything else of this instant, so that it is up again before the retries come.
        self.env.timeout(60.0).callbacks.append(self.start)
        self.down.succeed()


def w3(hours):
    """A burst of 20,000 on top of 12.5/s; every attempt that fails comes again after exactly a minute."""
    chance = random.Random(1)
    env = simpy.Environment()
    service = Service(env)
    attempts, done, made = 0, 0, 0

    def request():
        nonlocal attempts, done
        while True:
            attempts += 1
            if service.up:
                if service.inside == 200:
                    service.crash()
                else:
                    service.inside += 1
                    down = service.down
                    yield env.timeout(chance.expovariate(10.0)) | down
                    if not down.triggered:
                        service.inside -= 1
                        done += 1
                        return
            yield env.timeout(60.0)

    def arrivals():
        nonlocal made
        for _ in range(20_000):
            made += 1
            env.process(request())
        while True:
            yield env.timeout(chance.expovariate(12.5))
            made += 1
            env.process(request())

    env.process(arrivals())
    env.run(until=hours * 3600.0)
    return {
        "messages": made,
        "attempts": attempts,
        "succeeded": done,
        "crashes": service.crashes,
    }


if __name__ == "__main__":
    workload = {"w1": w1, "w2": w2, "w3": w3}[sys.argv[1]]
    began = time.process_time()
    told = workload(int(sys.argv[2]))
    print(json.dumps({"seconds": time.process_time() - began, **told}))
