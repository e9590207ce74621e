#!/usr/bin/env bash
# How many instructions a message takes, counted by callgrind: the figure that does not depend on the machine's day.
# Two runs of different length each; what differs is the cost of what differs. Fails if W1 or W2 has grown by more than 5 %
# over the count in instructions.txt. `instructions.sh --record` writes the counts there.
set -eu
cd "$(dirname "$0")/.."
recorded=benches/instructions.txt
place=target/callgrind
program=target/instructions/pileup

if ! command -v valgrind >/dev/null; then
    echo "valgrind is not installed: instructions are not counted"
    exit 0
fi
cargo build --quiet --profile instructions --bin pileup
mkdir -p $place

# count WORKLOAD DURATION METRIC: prints instructions, and the metric's value over the whole run.
count() {
    local name=$1-$2
    valgrind --tool=callgrind --callgrind-out-file=$place/$name.out --log-file=$place/$name.log \
        $program run benches/workloads/$1.json --set duration=$2 --no-charts --quiet --force \
        --format json --out $place/$name >$place/$name.json
    awk -v metric="\"$3\":" '
        FNR == NR { if (/Collected/) count = $NF; next }
        !value && $1 == metric { in_metric = 1 }
        in_metric && match($0, /"mean": *[0-9.]+/) { value = substr($0, RSTART + 7, RLENGTH - 7) + 0; in_metric = 0 }
        END { print count, value }' $place/$name.log $place/$name.json
}

# measure WORKLOAD SHORT LONG METRIC: prints the workload and its instructions for each.
measure() {
    count $1 $2 $4 >$place/$1-short &
    count $1 $3 $4 >$place/$1-long
    wait $!
    paste $place/$1-short $place/$1-long | awk -v name=$1 '{ printf "%s %.0f\n", name, ($3 - $1) / ($4 - $2) }'
}

counted=$place/counted.txt
compiler=$(rustc --version | cut -d' ' -f2)
{
    echo "rustc $compiler"
    measure w1 20s 60s produced
    measure w1-queue 20s 60s produced
    measure w2 300s 900s produced
    measure w3 130s 430s attempts
} >$counted
if [ "${1-}" = --record ]; then cp $counted $recorded; fi

awk '
    FNR == NR { was[$1] = $2; next }
    $1 == "rustc" {
        comparable = $2 == was[$1]
        if (!comparable) print "recorded with rustc " was[$1] ", this is " $2 ": too different to fail for"
        printf "%-10s %10s %10s %8s\n", "", "recorded", "now", "change"
        next
    }
    {
        change = ($2 / was[$1] - 1) * 100
        printf "%-10s %10d %10d %+7.1f%%\n", $1, was[$1], $2, change
        if (change > 5 && ($1 == "w1" || $1 == "w2")) grown = 1
    }
    END { if (grown && comparable) { print "W1 or W2 takes more than 5 % more instructions than recorded"; exit 1 } }' $recorded $counted
