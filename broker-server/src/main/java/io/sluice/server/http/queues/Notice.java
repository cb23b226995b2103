package io.sluice.server.http.queues;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueEvent;
import io.sluice.groups.queue.QueueEvent.Changed;
import io.sluice.groups.queue.QueueEvent.Condemned;
import io.sluice.groups.queue.QueueEvent.Extended;
import io.sluice.groups.queue.QueueEvent.Finish;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Leased;
import io.sluice.groups.queue.QueueEvent.Link;
import io.sluice.groups.queue.QueueEvent.Linked;
import io.sluice.groups.queue.QueueEvent.Progressed;
import io.sluice.groups.queue.QueueEvent.Purged;
import io.sluice.groups.queue.QueueEvent.Return;
import io.sluice.groups.queue.QueueEvent.Returned;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Something in the life of a queue, as its listeners are told it.
 *
 * @param kind what
 * @param message which message it is about, if it is about one
 * @param data the rest; a member {@code progress} is JSON as text
 */
record Notice(Kind kind, Optional<MessageId> message, JsonObject data) {
    /** What can happen. */
    enum Kind {
        /** Messages lie in a log that did not before: there is new work. */
        SENT,
        /** A consumer has it. */
        RECEIVED,
        /** Its lease lasts longer, or shorter. */
        EXTENDED,
        /** Its consumer said how far it is. */
        PROGRESS,
        /** It is done. */
        ACKNOWLEDGED,
        /** Its delivery ended and nothing came of it. */
        FAILED,
        /** It did not reach who had asked for it. */
        GIVEN_BACK,
        /** It is on its way to the dead letters. */
        DYING,
        /** It is dead. */
        DEAD,
        /** It was sent again from the dead letters, and lies somewhere else. */
        REDRIVEN,
        /** It became too old. */
        EXPIRED,
        /** It was purged or deleted. */
        DROPPED,
        /** Everything in front of an offset that nobody had was dropped. */
        PURGED,
        /** The queue is set otherwise, paused or resumed. */
        CHANGED;

        String title() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Set<String> titles() {
            return Stream.of(values()).map(Kind::title).collect(Collectors.toSet());
        }
    }

    private static final Set<Kind> NOTHING = Set.of();

    private static Notice of(Kind kind, MessageId message, JsonObject data) {
        return new Notice(kind, Optional.of(message), data);
    }

    /** New work in a partition. */
    static Notice sent(int partition, long from, long to) {
        return new Notice(
                Kind.SENT,
                Optional.empty(),
                new JsonObject().put("partition", partition).put("offset", from).put("messages", to - from));
    }

    /** What notices an event may be: the cheap question that is asked first. */
    static Set<Kind> kindsOf(QueueEvent event) {
        if (event instanceof Leased) {
            return EnumSet.of(Kind.RECEIVED);
        } else if (event instanceof Finished finished) {
            return EnumSet.of(kindOf(finished));
        } else if (event instanceof Returned) {
            return EnumSet.of(Kind.FAILED, Kind.GIVEN_BACK);
        } else if (event instanceof Extended) {
            return EnumSet.of(Kind.EXTENDED);
        } else if (event instanceof Progressed) {
            return EnumSet.of(Kind.PROGRESS);
        } else if (event instanceof Condemned) {
            return EnumSet.of(Kind.DYING);
        } else if (event instanceof Linked) {
            return EnumSet.of(Kind.REDRIVEN);
        } else if (event instanceof Purged) {
            return EnumSet.of(Kind.PURGED);
        } else if (event instanceof Changed) {
            return EnumSet.of(Kind.CHANGED);
        }
        return NOTHING;
    }

    private static Kind kindOf(Finished finished) {
        return switch (finished.outcome()) {
            case ACKNOWLEDGED -> Kind.ACKNOWLEDGED;
            case DEAD -> Kind.DEAD;
            case EXPIRED -> Kind.EXPIRED;
            case DROPPED -> Kind.DROPPED;
        };
    }

    /** How many notices an event is at most. */
    static int countOf(QueueEvent event) {
        if (event instanceof Leased leased) {
            return leased.messages().size();
        } else if (event instanceof Finished finished) {
            return finished.messages().size();
        } else if (event instanceof Returned returned) {
            return returned.messages().size();
        } else if (event instanceof Extended extended) {
            return extended.messages().size();
        } else if (event instanceof Condemned condemned) {
            return condemned.messages().size();
        } else if (event instanceof Linked linked) {
            return linked.messages().size();
        }
        return 1;
    }

    /** Where the messages lie that an event is about; empty if it is about the queue. */
    private static List<MessageId> places(QueueEvent event) {
        if (event instanceof Leased leased) {
            return leased.messages().stream()
                    .map(one -> new MessageId(one.partition(), one.arrival().offset()))
                    .toList();
        } else if (event instanceof Finished finished) {
            return finished.messages().stream().map(Finish::id).toList();
        } else if (event instanceof Returned returned) {
            return returned.messages().stream().map(Return::id).toList();
        } else if (event instanceof Extended extended) {
            return extended.messages();
        } else if (event instanceof Condemned condemned) {
            return condemned.messages();
        } else if (event instanceof Progressed progressed) {
            return List.of(progressed.message());
        } else if (event instanceof Linked linked) {
            return linked.messages().stream().map(Link::to).toList();
        }
        return List.of();
    }

    /**
     * What those messages of an event are called that are not called by where they lie.
     *
     * @param names of all, by where they lie
     */
    static Map<MessageId, MessageId> otherNames(QueueEvent event, UnaryOperator<MessageId> names) {
        if (event instanceof Linked linked) {
            return linked.messages().stream().collect(Collectors.toMap(Link::to, Link::from, (one, other) -> other));
        }
        Map<MessageId, MessageId> others = Map.of();
        for (MessageId place : places(event)) {
            MessageId name = names.apply(place);
            if (!name.equals(place)) {
                others = others.isEmpty() ? new HashMap<>() : others;
                others.put(place, name);
            }
        }
        return others;
    }

    /**
     * Whether an event is about a message, or about the queue.
     *
     * @param names of messages that are not called by where they lie
     */
    static boolean isAbout(QueueEvent event, Map<MessageId, MessageId> names, MessageId id) {
        List<MessageId> places = places(event);
        return places.isEmpty()
                || places.stream()
                        .anyMatch(place -> names.getOrDefault(place, place).equals(id));
    }

    /** As {@link #of(QueueEvent)}; who is not called by where it lies is told with its name, and where that is. */
    static List<Notice> of(QueueEvent event, Map<MessageId, MessageId> names) {
        List<Notice> notices = of(event);
        return names.isEmpty()
                ? notices
                : notices.stream().map(notice -> notice.called(names)).toList();
    }

    private Notice called(Map<MessageId, MessageId> names) {
        Optional<MessageId> name = message.map(names::get);
        return name.isEmpty()
                ? this
                : of(
                        kind,
                        name.get(),
                        data.copy()
                                .put("partition", message.get().partition())
                                .put("offset", message.get().offset()));
    }

    /** The notices that an event is. */
    private static List<Notice> of(QueueEvent event) {
        if (event instanceof Leased leased) {
            return leased.messages().stream()
                    .map(one -> of(
                            Kind.RECEIVED,
                            new MessageId(one.partition(), one.arrival().offset()),
                            new JsonObject()
                                    .put("at", leased.atMs())
                                    .put("consumer", leased.consumer())
                                    .put("lease_expires_at", until(leased.untilMs()))))
                    .toList();
        } else if (event instanceof Finished finished) {
            return finished.messages().stream()
                    .map(one -> of(kindOf(finished), one.id(), new JsonObject().put("at", finished.atMs())))
                    .toList();
        } else if (event instanceof Returned returned) {
            return returned.messages().stream()
                    .map(one -> of(
                            one.counts() ? Kind.FAILED : Kind.GIVEN_BACK,
                            one.id(),
                            new JsonObject()
                                    .put("at", returned.atMs())
                                    .put("reason", one.reason())
                                    .put("deliver_at", one.dueMs())))
                    .toList();
        } else if (event instanceof Extended extended) {
            return extended.messages().stream()
                    .map(id ->
                            of(Kind.EXTENDED, id, new JsonObject().put("lease_expires_at", until(extended.untilMs()))))
                    .toList();
        } else if (event instanceof Progressed progressed) {
            String text = new String(progressed.progress(), StandardCharsets.UTF_8);
            return List.of(of(Kind.PROGRESS, progressed.message(), new JsonObject().put("progress", text)));
        } else if (event instanceof Condemned condemned) {
            return condemned.messages().stream()
                    .map(id -> of(
                            Kind.DYING,
                            id,
                            new JsonObject().put("at", condemned.atMs()).put("reason", condemned.reason())))
                    .toList();
        } else if (event instanceof Linked linked) {
            return linked.messages().stream()
                    .map(one -> of(Kind.REDRIVEN, one.to(), new JsonObject()))
                    .toList();
        } else if (event instanceof Purged purged) {
            return List.of(new Notice(
                    Kind.PURGED,
                    Optional.empty(),
                    new JsonObject()
                            .put("at", purged.atMs())
                            .put("partition", purged.partition())
                            .put("before", purged.beforeOffset())));
        } else if (event instanceof Changed changed) {
            return List.of(new Notice(
                    Kind.CHANGED,
                    Optional.empty(),
                    new JsonObject().put("at", changed.atMs()).put("paused", changed.paused())));
        }
        return List.of();
    }

    private static Long until(long untilMs) {
        return untilMs == Long.MAX_VALUE ? null : untilMs;
    }

    /**
     * As the standard has an event: its name, its place and its data, on one line each.
     *
     * @param place what the listener says when it wants to go on behind it
     */
    String text(String place) {
        JsonObject document = new JsonObject();
        message.ifPresent(id -> document.put("id", id.toString()));
        document.mergeIn(data);
        StringBuilder out = new StringBuilder(192)
                .append("event: ")
                .append(kind.title())
                .append("\nid: ")
                .append(place)
                .append("\ndata: ");
        if (kind == Kind.PROGRESS) {
            // It was checked to be JSON, and has no line ends, when it came.
            document.remove("progress");
            String head = document.encode();
            out.append(head, 0, head.length() - 1)
                    .append(",\"progress\":")
                    .append(data.getString("progress"))
                    .append('}');
        } else {
            out.append(document.encode());
        }
        return out.append("\n\n").toString();
    }
}
