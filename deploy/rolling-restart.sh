#!/bin/sh
# Restarts the replicas one after another, each only when the one before gives answers again:
#     deploy/rolling-restart.sh 7861 7862
set -eu
for port in "$@"; do
    echo "Restarting the replica on port $port ..."
    ${RESTART:-systemctl restart} "support-chat@$port"
    waited=0
    until curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$port/health/answers"; do
        waited=$((waited + 1))
        if [ "$waited" -ge 180 ]; then
            echo "It gives no answers after three minutes. The other replicas are as they were." >&2
            exit 1
        fi
        sleep 1
    done
done
echo "Done."
