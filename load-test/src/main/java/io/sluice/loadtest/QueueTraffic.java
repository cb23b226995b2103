package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.sluice.loadtest.target.HttpRequests;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Takes messages from a queue and acknowledges them: a turn is a receive and an ack of what it gave, and perhaps a send before them.
 */
final class QueueTraffic implements Traffic {
    /** How long the broker may hold a receive that finds nothing. */
    static final Duration WAIT = Duration.ofSeconds(5);

    static final String EMPTY = "nothing to receive";
    static final String REFUSED = "leases that could not be acknowledged";

    private enum Step {
        SEND,
        RECEIVE,
        ACKNOWLEDGE,
        OVER
    }

    /** What is done with what was received. Owned by the connection's event loop. */
    interface Listener {
        /** A message arrived that was meant to be sent at a time. */
        void arrived(long intendedNs, long nowNs);

        /** All that arrived in this turn is acknowledged. */
        void acknowledged(int count, long nowNs);
    }

    /** For whom the turns themselves are what counts. */
    static final Listener NOBODY = new Listener() {
        @Override
        public void arrived(long intendedNs, long nowNs) {}

        @Override
        public void acknowledged(int count, long nowNs) {}
    };

    private final HttpRequests requests;
    private final String path;
    private final byte[] receive;
    private final int recordBytes;
    private final Optional<Traffic> sender;
    private final boolean mayBeEmpty;
    private final Listener listener;

    private final int[] receivedCount = new int[1];
    private Step step = Step.OVER;
    private String leases = "";
    private int acknowledgedCount;
    private long nowNs;

    private QueueTraffic(
            HttpRequests requests,
            String queue,
            Workload workload,
            Optional<Traffic> sender,
            boolean mayBeEmpty,
            Listener listener) {
        this.requests = requests;
        this.path = "/v1/queues/" + queue;
        this.receive = ("{\"max\":" + workload.recordsPerRequest() + ",\"wait_ms\":" + WAIT.toMillis() + "}")
                .getBytes(StandardCharsets.US_ASCII);
        this.recordBytes = workload.recordBytes();
        this.sender = sender;
        this.mayBeEmpty = mayBeEmpty;
        this.listener = listener;
    }

    /** Takes what is there already; that there is nothing more is an error. */
    static QueueTraffic taking(HttpRequests requests, String queue, Workload workload) {
        return new QueueTraffic(requests, queue, workload, Optional.empty(), false, NOBODY);
    }

    /** Sends before it takes. What it takes may be what others have sent; it never takes more than it sent. */
    static QueueTraffic sendingAndTaking(HttpRequests requests, String queue, Workload workload, Traffic sender) {
        return new QueueTraffic(requests, queue, workload, Optional.of(sender), false, NOBODY);
    }

    /** Takes what others send, as it comes. */
    static QueueTraffic working(HttpRequests requests, String queue, Workload workload, Listener listener) {
        return new QueueTraffic(requests, queue, workload, Optional.empty(), true, listener);
    }

    @Override
    public ByteBuf request(long intendedNs) {
        acknowledgedCount = 0;
        if (sender.isPresent()) {
            step = Step.SEND;
            return sender.get().request(intendedNs);
        }
        return receive();
    }

    private ByteBuf receive() {
        step = Step.RECEIVE;
        return post("/receive", receive);
    }

    private ByteBuf post(String what, byte[] body) {
        return requests.post(path + what, "application/json", body);
    }

    @Override
    public int answered(ByteBuf body, long nowNs) {
        this.nowNs = nowNs;
        if (step == Step.RECEIVE) {
            LongConsumer arrived = intendedNs -> listener.arrived(intendedNs, this.nowNs);
            leases = QueueAnswers.leases(body, arrived, receivedCount);
            if (receivedCount[0] == 0 && !mayBeEmpty) {
                throw new FailedTurnException(EMPTY);
            }
        } else if (step == Step.ACKNOWLEDGE) {
            acknowledgedCount = QueueAnswers.acknowledged(body);
            listener.acknowledged(acknowledgedCount, nowNs);
            if (acknowledgedCount < receivedCount[0]) {
                throw new FailedTurnException(REFUSED);
            }
        }
        return acknowledgedCount;
    }

    @Override
    public Optional<ByteBuf> followUp() {
        if (step == Step.SEND) {
            return Optional.of(receive());
        }
        if (step == Step.RECEIVE && receivedCount[0] > 0) {
            step = Step.ACKNOWLEDGE;
            return Optional.of(post("/ack", ("{\"leases\":[" + leases + "]}").getBytes(StandardCharsets.US_ASCII)));
        }
        step = Step.OVER;
        return Optional.empty();
    }

    @Override
    public long answeredBytes() {
        return (long) acknowledgedCount * recordBytes;
    }
}
