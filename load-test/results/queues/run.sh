#!/usr/bin/env bash
# Measures queues beside Redis, RabbitMQ, NATS and SQLite, and writes runs.tsv, table.md and conditions.txt beside this file
# (OUT=FOLDER: elsewhere). Arguments go to QueueComparison; --help lists them. Wants redis-server, rabbitmq-server and
# nats-server, which it starts itself on free ports of 127.0.0.1, with data in load-test/target/sluice-queues (DATA=FOLDER: in
# FOLDER/sluice-queues, on a disk that syncs; that folder is emptied before, and deleted after), and ends again. About 19 minutes.
set -euo pipefail
# Where Debian has the servers, which is not on everybody's path.
PATH=$PATH:/usr/sbin
cd -- "$(dirname -- "$0")/../../.."
OUT=${OUT:-load-test/results/queues}
# A folder of its own, because it is deleted: the other may be somebody's.
DATA=${DATA:-$PWD/load-test/target}/sluice-queues
JAVA=${JAVA_HOME:+$JAVA_HOME/bin/}java
rm -rf "$DATA"
mkdir -p "$OUT" "$DATA"

for needed in redis-server nats-server rabbitmq-server; do
    command -v "$needed" >/dev/null || { echo "$needed is not installed" >&2; exit 1; }
done
[ -n "${NOBUILD:-}" ] || mvn -q -B -DskipTests package -pl broker-server,load-test -am
mvn -q -B test-compile dependency:build-classpath -pl load-test -am -Dmdep.outputFile="$DATA/classpath"

started=()
finish() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do
        for _ in $(seq 200); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
    done
    rm -rf "$DATA"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
wait_for_port() {
    for _ in $(seq 600); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "nothing listens on port $1" >&2
    exit 1
}

sluice() { # NAME [SETTING]
    "$JAVA" -jar broker-server/target/sluice.jar serve --data-dir "$DATA/$1" --http "127.0.0.1:$2" --kafka 127.0.0.1:0 "${@:3}" \
        >"$DATA/$1.out" 2>&1 &
    started+=($!)
    wait_for_port "$2"
}
sluice_port=$(free_port)
sluice sluice "$sluice_port"
relaxed_port=$(free_port)
sluice sluice-relaxed "$relaxed_port" --set log.flush.interval.messages=9223372036854775807

redis() { # APPENDFSYNC PORT
    mkdir -p "$DATA/redis-$1"
    # Nothing is rewritten meanwhile: that would be work for another minute.
    redis-server --bind 127.0.0.1 --port "$2" --dir "$DATA/redis-$1" --save '' --appendonly yes --appendfsync "$1" \
        --auto-aof-rewrite-percentage 0 >"$DATA/redis-$1.out" 2>&1 &
    started+=($!)
    wait_for_port "$2"
}
always_port=$(free_port)
redis always "$always_port"
everysec_port=$(free_port)
redis everysec "$everysec_port"

nats_port=$(free_port)
nats-server -js -sd "$DATA/nats" -a 127.0.0.1 -p "$nats_port" -l "$DATA/nats.out" &
started+=($!)
wait_for_port "$nats_port"

rabbit_port=$(free_port)
epmd_port=$(free_port)
mkdir -p "$DATA/rabbitmq"
# Its own directory of names, which would go on for ever if RabbitMQ started it.
epmd -address 127.0.0.1 -port "$epmd_port" &
started+=($!)
wait_for_port "$epmd_port"
echo '[].' >"$DATA/rabbitmq/plugins"
(
    export RABBITMQ_NODENAME=queues@localhost RABBITMQ_MNESIA_BASE=$DATA/rabbitmq/mnesia RABBITMQ_LOG_BASE=$DATA/rabbitmq/log \
        RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$rabbit_port RABBITMQ_ENABLED_PLUGINS_FILE=$DATA/rabbitmq/plugins \
        RABBITMQ_PID_FILE=$DATA/rabbitmq/pid RABBITMQ_DIST_PORT=$(free_port) HOME=$DATA/rabbitmq \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$epmd_port \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
    # The wrapper in /usr/sbin changes to another user; this is the script behind it.
    exec "$(dpkg -L rabbitmq-server | grep '/lib/rabbitmq_server-.*/sbin/rabbitmq-server$')" >"$DATA/rabbitmq.out" 2>&1 </dev/null
) &
started+=($!)
wait_for_port "$rabbit_port"
for _ in $(seq 100); do
    if [ -s "$DATA/rabbitmq/pid" ]; then break; fi
    sleep 0.1
done
started+=("$(cat "$DATA/rabbitmq/pid")")
sleep 5

{
    date -u '+%F %H:%M UTC'
    git rev-parse HEAD
    "$JAVA" -version 2>&1 | head -1
    redis-server --version
    dpkg-query -W -f '${Package} ${Version}\n' rabbitmq-server erlang-base nats-server
    uname -sr
    echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
} >"$OUT/conditions.txt"

code=0
"$JAVA" -Xms1g -Xmx1g -cp "load-test/target/test-classes:load-test/target/classes:$(cat "$DATA/classpath")" \
    io.sluice.loadtest.queues.QueueComparison \
    --sluice "http://127.0.0.1:$sluice_port" --sluice-relaxed "http://127.0.0.1:$relaxed_port" \
    --redis-always "$always_port" --redis-everysec "$everysec_port" --rabbitmq "$rabbit_port" --nats "$nats_port" \
    --sqlite "$DATA/sqlite" --out "$OUT" "$@" || code=$?
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)" >>"$OUT/conditions.txt"
exit "$code"
