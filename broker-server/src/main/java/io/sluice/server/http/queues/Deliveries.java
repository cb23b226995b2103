package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import io.sluice.groups.queue.Receive.Received;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.records.JsonOutput;
import io.sluice.server.http.records.MessageReader;
import io.sluice.server.http.records.MessageReader.Body;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.Values;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a receiver of one queue is given of the messages that were leased for it: reads them where they lie, settles those that cannot be
 * given, and writes the others as they are shown. Knows of no request. Owned by an event loop.
 */
final class Deliveries {
    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);
    private static final int MAX_REASON_CHARS = 1_000;

    /** Room for what stands before a message's key, if its id is a short one. */
    private static final int HEAD_BYTES = 256;

    private static final byte[] ID = JsonOutput.ascii("{\"id\":");
    private static final byte[] LEASE = JsonOutput.ascii(",\"lease\":\"");
    private static final byte[] EXPIRY = JsonOutput.ascii("\",\"lease_expires_at\":");
    private static final byte[] DELIVERIES = JsonOutput.ascii(",\"deliveries\":");
    private static final byte[] ENQUEUED = JsonOutput.ascii(",\"enqueued_at\":");
    private static final byte[] FIRST_RECEIVED = JsonOutput.ascii(",\"first_received_at\":");

    private final Broker broker;
    private final QueueCoordinator queues;
    private final RecordAccess records;
    private final String queue;
    private final UUID topicId;
    private final Values values;
    private final int maxBytes;

    /** A leased message with what it carries. */
    record Delivery(Received message, Body body) {}

    /**
     * What became of messages that were leased.
     *
     * @param there those that can be given, in their order
     * @param isCut whether there were more that can, but not together with these: they have been given back
     */
    record Sorted(List<Delivery> there, boolean isCut) {}

    /**
     * @param topicId that of the queue's topic when the messages were leased: another of its name has none of them
     * @param maxBytes how much is read at once at most, as JSON; one message is read whatever its size
     */
    Deliveries(
            Broker broker,
            QueueCoordinator queues,
            RecordAccess records,
            String queue,
            UUID topicId,
            Values values,
            int maxBytes) {
        this.broker = broker;
        this.queues = queues;
        this.records = records;
        this.queue = queue;
        this.topicId = topicId;
        this.values = values;
        this.maxBytes = maxBytes;
    }

    /**
     * Reads messages. Those that cannot be read are rejected, those that are not there any more are finished.
     *
     * @param memory where what is read is counted; the caller closes it once that has been sent
     * @return fails if nothing can be read at the moment; then all of them have been given back
     */
    Future<Sorted> read(List<Received> messages, MemoryBudget.Reservation memory) {
        MessageReader reader = new MessageReader(records, memory, this::log, values, maxBytes);
        return reader.read(messages.stream().map(Received::id).toList())
                .onFailure(failure -> giveBack(messages))
                .map(bodies -> sort(messages, bodies, new HashSet<>(reader.left()), reader.unreadable()));
    }

    private Sorted sort(
            List<Received> messages,
            Map<MessageId, Body> bodies,
            Set<MessageId> left,
            Map<MessageId, String> unreadable) {
        List<Delivery> there = new ArrayList<>();
        List<Received> later = new ArrayList<>();
        List<Nack> failed = new ArrayList<>();
        List<Lease> gone = new ArrayList<>();
        for (Received message : messages) {
            MessageId id = message.id();
            if (left.contains(id)) {
                later.add(message);
            } else if (bodies.containsKey(id)) {
                there.add(new Delivery(message, bodies.get(id)));
            } else if (unreadable.containsKey(id)) {
                failed.add(new Nack(message.lease(), OptionalLong.empty(), false, reason(unreadable.get(id))));
            } else {
                gone.add(message.lease());
            }
        }
        giveBack(later);
        if (!failed.isEmpty()) {
            // It counts, so that it is dead in the end.
            queues.reject(queue, failed);
        }
        if (!gone.isEmpty()) {
            LOG.warn(
                    "{} messages of queue {} are not in its log any more, from {} on",
                    gone.size(),
                    queue,
                    gone.get(0).id());
            queues.gone(queue, gone);
        }
        return new Sorted(there, !later.isEmpty());
    }

    /** Lets others have messages, as if they had not been delivered. */
    void giveBack(List<Received> messages) {
        if (!messages.isEmpty()) {
            queues.giveBack(queue, messages.stream().map(Received::lease).toList());
        }
    }

    private static String reason(String why) {
        String text = "cannot be read: " + why;
        return text.length() <= MAX_REASON_CHARS ? text : text.substring(0, MAX_REASON_CHARS);
    }

    private PartitionLog log(int partition) {
        Topic topic = broker.requireTopic(queue);
        if (!topic.id().equals(topicId)) {
            throw QueueErrors.problem(QueueError.QUEUE_DELETED, queue);
        }
        return broker.partition(new TopicPartition(queue, partition));
    }

    /**
     * Writes a message as a JSON object.
     *
     * @param leased whether the receiver has a lease to settle
     */
    static void append(Buffer out, Delivery delivery, boolean leased) {
        Received message = delivery.message();
        JsonOutput head = new JsonOutput(HEAD_BYTES);
        head.put(ID).string(delivery.body().id());
        if (leased) {
            head.put(LEASE);
            MessageTokens.put(head, message.lease());
            head.put(EXPIRY);
            if (message.leaseUntilMs() == Long.MAX_VALUE) {
                head.putNull();
            } else {
                head.number(message.leaseUntilMs());
            }
        }
        head.put(DELIVERIES)
                .number(message.deliveries())
                .put(ENQUEUED)
                .number(message.enqueuedMs())
                .put(FIRST_RECEIVED)
                .number(message.firstReceivedMs())
                .appendTo(out);
        out.appendBytes(delivery.body().members());
    }

    /** About how many bytes messages take as JSON. */
    static int sizeOf(List<Delivery> deliveries) {
        int bytes = 0;
        for (Delivery delivery : deliveries) {
            bytes += HEAD_BYTES + delivery.body().members().length;
        }
        return bytes;
    }
}
