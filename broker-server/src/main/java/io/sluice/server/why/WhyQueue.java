package io.sluice.server.why;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.MessageView;
import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueView;
import io.sluice.groups.queue.QueueView.Unreadable;
import io.sluice.server.why.QueueSnapshot.Head;
import io.sluice.server.why.QueueSnapshot.Holder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.Predicate;

/** Why a queue, or one of its messages, does not move. */
public final class WhyQueue {
    private static final int MAX_NAMED = WhyTopic.MAX_NAMED;
    /** How long a dead message may be on its way. */
    private static final long DYING_MS = 10_000;

    private final QueueSnapshot snapshot;
    private final QueueView queue;
    private final long nowMs;
    private final long idleMs;
    private final List<Reason> reasons = new ArrayList<>();

    private WhyQueue(QueueSnapshot snapshot, long idleMs) {
        this.snapshot = snapshot;
        this.queue = snapshot.queue().orElse(null);
        this.nowMs = snapshot.nowMs();
        this.idleMs = idleMs;
    }

    /**
     * The reasons, the gravest first.
     *
     * @param idleMs for how long nobody must have asked for messages to count as nobody being there
     */
    public static List<Reason> reasons(QueueSnapshot queue, BrokerSnapshot broker, long idleMs) {
        WhyQueue why = new WhyQueue(queue, idleMs);
        why.partitions();
        if (queue.queue().isPresent()) {
            why.unreadable(part -> true);
            why.stopped();
            why.consumers();
            why.keys();
            why.failures();
            why.limits();
            why.progress();
        } else {
            why.loading();
        }
        return why.sorted(broker);
    }

    /** The reasons why one message is not done, the gravest first. */
    public static List<Reason> reasons(MessageSnapshot message, BrokerSnapshot broker, long idleMs) {
        WhyQueue why = new WhyQueue(message.queue(), idleMs);
        why.message(message);
        return why.sorted(broker);
    }

    private List<Reason> sorted(BrokerSnapshot broker) {
        WhyBroker.addTo(reasons, broker, nowMs);
        reasons.sort(Comparator.comparing(Reason::isWrong).reversed().thenComparing(Reason::code));
        return reasons;
    }

    private void partitions() {
        snapshot.partitions().stream()
                .filter(partition -> !partition.isReadable())
                .limit(MAX_NAMED)
                .forEach(partition -> reasons.add(WhyTopic.offline(partition)));
    }

    private void loading() {
        reasons.add(new Reason(
                Reason.Code.QUEUE_LOADING,
                "the state of queue " + snapshot.name() + " is being read, or cannot be written",
                OptionalLong.empty()));
    }

    // ---- the queue ----

    private void unreadable(Predicate<Unreadable> which) {
        queue.unreadable().stream()
                .filter(which)
                .limit(MAX_NAMED)
                .forEach(part -> reasons.add(new Reason(
                                Reason.Code.LOG_UNREADABLE,
                                "partition " + part.from().partition() + " of queue " + queue.name()
                                        + " cannot be read at offset "
                                        + part.from().offset()
                                        + ", and what lies there and behind it is not delivered: " + part.why(),
                                OptionalLong.of(part.sinceMs()))
                        .culprit("partition", part.from().partition())
                        .detail("offset", part.from().offset())));
    }

    private void stopped() {
        if (queue.paused()) {
            reasons.add(new Reason(
                    Reason.Code.QUEUE_PAUSED,
                    "queue " + queue.name() + " is paused: nobody gets messages until it is resumed",
                    OptionalLong.of(queue.changedMs())));
        }
        if (queue.leased() >= queue.config().maxInFlight()) {
            reasons.add(held(new Reason(
                            Reason.Code.IN_FLIGHT_LIMIT,
                            "consumers have " + counted(queue.leased()) + ", and max_in_flight is "
                                    + queue.config().maxInFlight(),
                            longest())
                    .culprit("setting", "max_in_flight")));
        }
        if (queue.held().isFull() && queue.waiting() > 0) {
            reasons.add(held(new Reason(
                            Reason.Code.MEMORY_FULL,
                            "what was delivered and is not finished takes all the memory that it may, "
                                    + queue.held().bytes()
                                    + " bytes of it in this queue: until some of that is finished,"
                                    + " only those messages are delivered again",
                            OptionalLong.empty())
                    .detail("held_bytes", queue.held().bytes())));
        }
    }

    /** Messages that could be delivered, as far as anybody knows. */
    private boolean hasWork() {
        boolean noneIsReady =
                !snapshot.heads().isEmpty() && snapshot.heads().stream().allMatch(Head::isDelayed);
        return queue.waiting() > 0 && !noneIsReady && !queue.still();
    }

    private void consumers() {
        boolean isIdle = queue.askedMs() == 0 || nowMs - queue.askedMs() >= idleMs;
        if (queue.receivers() == 0 && isIdle && hasWork()) {
            String when = queue.askedMs() == 0
                    ? "nobody has asked for messages since the broker has been running"
                    : "nobody has asked for messages for " + Words.lasting(nowMs - queue.askedMs());
            reasons.add(new Reason(
                            Reason.Code.NO_CONSUMERS,
                            when + ", and " + counted(queue.waiting()) + " could be received",
                            queue.askedMs() == 0 ? OptionalLong.empty() : OptionalLong.of(queue.askedMs()))
                    .detail("visible", queue.waiting()));
        }
    }

    private void keys() {
        if (!queue.still()) {
            return;
        }
        List<Head> aside = snapshot.heads().stream()
                .filter(head -> head.parkedMs().isPresent())
                .toList();
        List<String> parked = aside.stream().map(head -> head.id().toString()).toList();
        if (!parked.isEmpty()) {
            reasons.add(new Reason(
                            Reason.Code.KEY_PARKED,
                            "messages that wait are of keys that somebody has parked: "
                                    + String.join(", ", parked.subList(0, Math.min(MAX_NAMED, parked.size()))),
                            aside.stream()
                                    .mapToLong(head -> head.parkedMs().getAsLong())
                                    .min())
                    .culprit("messages", parked.subList(0, Math.min(MAX_NAMED, parked.size()))));
        }
        List<MessageView> blockers = snapshot.heads().stream()
                .flatMap(head -> head.blocker().stream())
                // Those that somebody should look at first.
                .sorted(Comparator.comparing(WhyQueue::isWorkedOn))
                .toList();
        if (!blockers.isEmpty()) {
            List<String> all = blockers.stream()
                    .map(blocker -> blocker.id().toString())
                    .distinct()
                    .toList();
            List<String> named = all.subList(0, Math.min(MAX_NAMED, all.size()));
            Reason reason = new Reason(
                            Reason.Code.KEY_BLOCKED,
                            "messages that wait are of keys of which another has to be finished first: "
                                    + String.join(", ", named) + (all.size() > MAX_NAMED ? " and others" : ""),
                            blockers.stream()
                                    .mapToLong(MessageView::firstReceivedMs)
                                    .filter(ms -> ms > 0)
                                    .min())
                    .culprit("messages", named);
            reasons.add(blockers.stream().allMatch(WhyQueue::isWorkedOn) ? reason.harmless() : reason);
        }
    }

    /** Whether a consumer has a message for the first time: those behind it wait as they should. */
    private static boolean isWorkedOn(MessageView view) {
        return view.state() == State.LEASED && view.reason().isEmpty();
    }

    private void failures() {
        QueueSnapshot.Rates rates = snapshot.rates();
        if (rates.returned() > 0 && rates.returned() * 2 >= rates.received()) {
            reasons.add(new Reason(
                            Reason.Code.CONSUMERS_FAILING,
                            Words.rate(rates.returned()) + " of " + Words.rate(rates.received())
                                    + " deliveries come to nothing, as seen over " + Words.lasting(rates.overMs())
                                    + (snapshot.failure().isEmpty() ? "" : "; one of them: " + snapshot.failure()),
                            OptionalLong.empty())
                    .detail("return_rate", rates.returned())
                    .detail("receive_rate", rates.received())
                    .detail("measured_ms", rates.overMs()));
        }
        long tooOld = snapshot.heads().stream().filter(Head::isExpired).count();
        if (rates.expired() > 0 || tooOld > 0) {
            reasons.add(new Reason(
                            Reason.Code.MESSAGES_EXPIRE,
                            tooOld > 0
                                    ? tooOld + " of the first messages that wait are too old and will not be delivered"
                                    : Words.rate(rates.expired()) + " became too old before anybody took them",
                            OptionalLong.empty())
                    .culprit("setting", "ttl_ms")
                    .detail("expire_rate", rates.expired())
                    .detail("measured_ms", rates.overMs()));
        }
        if (snapshot.dyingSinceMs().isPresent()
                && nowMs - snapshot.dyingSinceMs().getAsLong() > DYING_MS) {
            reasons.add(new Reason(
                            Reason.Code.DEAD_LETTERS_WAIT,
                            counted(queue.condemned()) + " cannot be brought to queue "
                                    + queue.config().deadLetterQueue().orElse("") + ", the first since "
                                    + Words.lasting(
                                            nowMs - snapshot.dyingSinceMs().getAsLong())
                                    + snapshot.dyingFailure()
                                            .map(why -> ": " + why)
                                            .orElse(""),
                            snapshot.dyingSinceMs())
                    .culprit("queue", queue.config().deadLetterQueue().orElse(""))
                    .detail("dying", queue.condemned()));
        }
    }

    private void limits() {
        long maxMessages = queue.config().maxMessages();
        if (maxMessages > 0 && queue.unfinished() >= maxMessages) {
            reasons.add(new Reason(
                            Reason.Code.QUEUE_FULL,
                            "no more messages are taken: " + counted(queue.unfinished())
                                    + " are not finished, and max_messages is " + maxMessages,
                            OptionalLong.empty())
                    .culprit("setting", "max_messages")
                    .detail("messages", queue.unfinished()));
        }
        long maxBytes = queue.config().maxBytes();
        if (maxBytes > 0 && queue.unfinishedBytes() >= maxBytes) {
            reasons.add(new Reason(
                            Reason.Code.QUEUE_FULL,
                            "no more messages are taken: those that are not finished have about "
                                    + queue.unfinishedBytes() + " bytes, and max_bytes is " + maxBytes,
                            OptionalLong.empty())
                    .culprit("setting", "max_bytes")
                    .detail("bytes", queue.unfinishedBytes()));
        }
    }

    private void progress() {
        QueueSnapshot.Rates rates = snapshot.rates();
        if (queue.unfinished() == 0) {
            reasons.add(new Reason(
                    Reason.Code.FINISHED,
                    queue.sent() == 0 ? "nothing was ever sent" : "all messages are finished",
                    OptionalLong.empty()));
        }
        if (queue.leased() > 0 && !hasWork()) {
            reasons.add(held(new Reason(
                    Reason.Code.LEASED,
                    "consumers have all messages that can be delivered, " + queue.leased() + " of them",
                    longest())));
        }
        boolean sleep = queue.delayed() > 0 || snapshot.heads().stream().anyMatch(Head::isDelayed);
        if (sleep && !hasWork() && queue.leased() == 0) {
            boolean known = queue.nextDueMs() != Long.MAX_VALUE;
            Reason reason = new Reason(
                            Reason.Code.DELAYED,
                            "no message is due" + (known ? "; the next may be at " + at(queue.nextDueMs()) : ""),
                            OptionalLong.empty())
                    .detail("delayed", queue.delayed());
            reasons.add(known ? reason.detail("next_due_at", queue.nextDueMs()) : reason);
        }
        if (rates.acknowledged() > 0) {
            reasons.add(new Reason(
                            Reason.Code.WORKING,
                            Words.rate(rates.acknowledged()) + " are done, as seen over "
                                    + Words.lasting(rates.overMs()),
                            OptionalLong.empty())
                    .detail("acknowledge_rate", rates.acknowledged())
                    .detail("measured_ms", rates.overMs()));
        }
    }

    /** Names those who have messages. */
    private Reason held(Reason reason) {
        List<String> names = snapshot.holders().stream()
                .sorted(Comparator.comparingLong(Holder::sinceMs))
                .limit(MAX_NAMED)
                .map(Holder::consumer)
                .toList();
        return reason.culprit("consumers", names)
                .detail("in_flight", queue.leased())
                .detail("held", (long) queue.held().messages());
    }

    private OptionalLong longest() {
        return snapshot.holders().stream().mapToLong(Holder::sinceMs).min();
    }

    private static String counted(long messages) {
        return messages == 1 ? "1 message" : messages + " messages";
    }

    private static String at(long ms) {
        return Instant.ofEpochMilli(ms).toString();
    }

    // ---- one message ----

    private void message(MessageSnapshot message) {
        MessageView view = message.message();
        String id = view.id().toString();
        switch (message.state()) {
            case WAITING -> waiting(message);
            case DELAYED ->
                reasons.add(of(
                        Reason.Code.DELAYED,
                        id,
                        "message " + id + " is not due until " + at(message.deliverAtMs()) + lastTime(view),
                        since(view),
                        "deliver_at",
                        message.deliverAtMs()));
            case LEASED -> {
                boolean timed = view.untilMs() != Long.MAX_VALUE;
                Reason reason = of(
                        Reason.Code.LEASED,
                        id,
                        view.consumer() + " has message " + id + " since "
                                + Words.lasting(nowMs - view.sinceMs())
                                + (timed ? ", and until " + at(view.untilMs()) : ", for as long as it is heard"),
                        since(view),
                        "deliveries",
                        (long) view.deliveries());
                reasons.add(reason.culprit("consumers", List.of(view.consumer())));
            }
            case DYING ->
                reasons.add(of(
                                Reason.Code.DEAD_LETTERS_WAIT,
                                id,
                                "message " + id + " is on its way to the dead letters: " + view.reason()
                                        + snapshot.dyingFailure()
                                                .map(why -> "; it cannot be brought there: " + why)
                                                .orElse(""),
                                since(view),
                                "deliveries",
                                (long) view.deliveries())
                        .culprit(
                                "queue",
                                queue == null
                                        ? ""
                                        : queue.config().deadLetterQueue().orElse("")));
            default ->
                reasons.add(of(
                        Reason.Code.FINISHED,
                        id,
                        "message " + id + " is finished: "
                                + message.state().name().toLowerCase(Locale.ROOT)
                                + (view.consumer().isEmpty() ? "" : ", last by " + view.consumer()),
                        since(view),
                        "deliveries",
                        (long) view.deliveries()));
        }
    }

    private void waiting(MessageSnapshot message) {
        String id = message.message().id().toString();
        if (message.expiresAtMs() <= nowMs) {
            reasons.add(of(
                    Reason.Code.MESSAGES_EXPIRE,
                    id,
                    "message " + id + " is too old since " + at(message.expiresAtMs())
                            + ": it is dropped when it is its turn",
                    OptionalLong.of(message.expiresAtMs()),
                    "expires_at",
                    message.expiresAtMs()));
        }
        message.message()
                .parked()
                .ifPresent(parked -> reasons.add(new Reason(
                                Reason.Code.KEY_PARKED,
                                "nobody gets message " + id + " because its key was parked"
                                        + (parked.reason().isEmpty() ? "" : ": " + parked.reason()),
                                OptionalLong.of(parked.atMs()))
                        .culprit("messages", List.of(id))));
        message.blocker().ifPresent(other -> {
            boolean isLeased = other.state() == State.LEASED;
            Reason reason = new Reason(
                            Reason.Code.KEY_BLOCKED,
                            "message " + id + " comes after message " + other.id() + " of its key, "
                                    + (isLeased
                                            ? "which " + other.consumer() + " has"
                                            : "which is " + other.state().name().toLowerCase(Locale.ROOT)),
                            since(other))
                    .culprit("messages", List.of(other.id().toString()));
            reason = isWorkedOn(other) ? reason.harmless() : reason;
            reasons.add(isLeased ? reason.culprit("consumers", List.of(other.consumer())) : reason);
        });
        if (queue == null) {
            loading();
        } else {
            MessageId here = message.message().id();
            unreadable(part ->
                    part.from().partition() == here.partition() && part.from().offset() <= here.offset());
            stopped();
            consumers();
        }
        if (reasons.isEmpty()) {
            reasons.add(new Reason(
                            Reason.Code.WAITING,
                            "message " + id + " will be delivered when it is its turn" + lastTime(message.message()),
                            OptionalLong.empty())
                    .culprit("messages", List.of(id)));
        }
    }

    private static Reason of(
            Reason.Code code, String id, String message, OptionalLong sinceMs, String detail, long number) {
        return new Reason(code, message, sinceMs)
                .culprit("messages", List.of(id))
                .detail(detail, number);
    }

    private static String lastTime(MessageView view) {
        return view.reason().isEmpty() ? "" : "; its last delivery came to nothing: " + view.reason();
    }

    private static OptionalLong since(MessageView view) {
        return view.sinceMs() > 0 ? OptionalLong.of(view.sinceMs()) : OptionalLong.empty();
    }
}
