#!/bin/sh
# Makes the bucket and the tasks that ask each process of racktwin how it is, if they are not there
# yet. The image runs it at its first start; by hand it needs INFLUX_HOST and INFLUX_TOKEN.
set -eu

folder=$(dirname "$0")
org=${INFLUX_ORG:-${DOCKER_INFLUXDB_INIT_ORG:-racktwin}}
into=${DOCKER_INFLUXDB_INIT_BUCKET:-racktwin}-health

# process, address of its metrics
task() {
    name=$into-$1
    influx task list --org "$org" --hide-headers | cut -f 2 | grep -Fqx "$name" && return
    flux=$(sed -e "s/NAME/$name/" -e "s|URL|$2|" -e "s/PROCESS/$1/" -e "s/INTO/$into/" \
        "$folder/health.flux")
    influx task create --org "$org" "$flux"
}

influx bucket list --org "$org" --name "$into" --hide-headers 2>/dev/null |
    cut -f 2 | grep -Fqx "$into" ||
    influx bucket create --org "$org" --name "$into" --retention 30d

task live "${RACKTWIN_LIVE_URL:-http://live:8080}/metrics"
task history "${RACKTWIN_HISTORY_URL:-http://history:8080}/metrics"
