#!/bin/sh
# Makes the buckets and tasks of the roll-ups that are not there yet, with the influx command line.
# The image runs it at its first start; by hand it needs INFLUX_HOST and INFLUX_TOKEN, as influx does.
set -eu

folder=$(dirname "$0")
org=${INFLUX_ORG:-${DOCKER_INFLUXDB_INIT_ORG:-racktwin}}
raw=${DOCKER_INFLUXDB_INIT_BUCKET:-racktwin}

# name, how long it keeps
bucket() {
    influx bucket list --org "$org" --name "$1" --hide-headers 2>/dev/null |
        cut -f 2 | grep -Fqx "$1" && return
    influx bucket create --org "$org" --name "$1" --retention "$2"
}

# name, how often, how long after that, width, how far back, bucket
task() {
    influx task list --org "$org" --hide-headers | cut -f 2 | grep -Fqx "$1" && return
    flux=$(sed -e "s/NAME/$1/" -e "s/EVERY/$2/" -e "s/OFFSET/$3/" -e "s/WIDTH/$4/" \
        -e "s/BACK/$5/" -e "s/INTO/$6/" -e "s/RAW/$raw/" "$folder/rollup.flux")
    influx task create --org "$org" "$flux"
}

bucket "$raw-1m" 400d
bucket "$raw-1h" 3650d

task "$raw-1m" 5m 30s 1m 15m "$raw-1m"
task "$raw-1h" 1h 3m 1h 3h "$raw-1h"

# Once a day what came later than that, as after an outage of the store.
task "$raw-1m-late" 1d 10m 1m 26h "$raw-1m"
task "$raw-1h-late" 1d 40m 1h 26h "$raw-1h"
