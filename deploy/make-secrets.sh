#!/bin/sh
# Writes every secret of docker-compose.yml that is missing: 32 random bytes in hex.
# One that is there is never changed.
set -eu

folder=$(dirname "$0")/secrets
mkdir -p "$folder"
chmod 700 "$folder" # nobody else on this machine gets in …

for name in \
    broker_racktwin_password \
    broker_bms_password \
    influxdb_password \
    influxdb_token \
    grafana_password
do
    [ -s "$folder/$name" ] && continue
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' > "$folder/$name.new"
    chmod 444 "$folder/$name.new" # … and each container's own user can read its mounted file
    mv "$folder/$name.new" "$folder/$name"
    echo "made $folder/$name" >&2
done
