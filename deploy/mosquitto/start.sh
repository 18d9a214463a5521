#!/bin/sh
# Makes the password file from the secrets, then becomes the broker.
set -eu
umask 077

for account in racktwin bms; do
    password=$(cat "/run/secrets/broker_${account}_password")
    case "$password" in
        '' | *[!A-Za-z0-9._~-]*)
            echo "broker_${account}_password: letters, digits and . _ ~ - alone, please" >&2
            exit 1
            ;;
    esac
    printf '%s:%s\n' "$account" "$password"
done > /run/mosquitto/passwords
mosquitto_passwd -U /run/mosquitto/passwords # hashes in place: no password in an argument

# A copy of its own: the broker distrusts an access list that others own or can read.
cat /mosquitto/config/acl > /run/mosquitto/acl

# The account of the health check, read by mosquitto_sub from $XDG_CONFIG_HOME.
printf -- '-u racktwin\n-P %s\n' "$(cat /run/secrets/broker_racktwin_password)" \
    > /run/mosquitto/mosquitto_sub

exec mosquitto -c /mosquitto/config/mosquitto.conf
