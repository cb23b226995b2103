package io.sluice.server.http.push;

import io.sluice.core.BrokerException;
import io.sluice.core.engine.PartitionLog;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupError;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.groups.GroupErrors;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Makes a subscription a member of a group: the coordinator says what its pump reads and from where, and is told how far that has
 * got. It polls as a client would that asks again and again, but for records. Owned by the event loop.
 */
final class Membership implements PushLoop.Ticking {
    private static final long COMMIT_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long RETRY_MS = 500;

    private final PushLoop loop;
    private final Wish wish;
    private final Pump pump;
    private final Consumer<Throwable> onFailure;
    private final Runnable onAssigned;

    /** What the coordinator said last. */
    private Poll.Answer told = Poll.Answer.refused(GroupError.NONE);

    private boolean open;
    private boolean asking;
    private boolean renewing;
    private long toldNs;
    private long committedNs;
    private boolean committing;
    private boolean closed;
    /** Whether the member is somebody else's by now, or nobody's: there is nothing to leave any more. */
    private boolean taken;

    private Optional<Poll.Interruption> interrupted = Optional.empty();
    /** What is committed, of the partitions that it has. */
    private final Map<TopicIdPartition, Long> committed = new HashMap<>();
    /** What the client has acknowledged, if it does so. */
    private final Map<TopicIdPartition, Long> acknowledged = new HashMap<>();
    /** Answers what the client acknowledged while the turn was about to change: the next one commits it. */
    private Optional<Promise<Void>> late = Optional.empty();
    /** Partitions of which the client had records that it had not acknowledged when the last turn ended. */
    private final Set<TopicIdPartition> held = new HashSet<>();
    /** Since which epoch it has each partition, and nobody has moved its position. */
    private final Map<TopicIdPartition, Integer> since = new HashMap<>();

    /**
     * What is wanted of a group.
     *
     * @param from what the client says it has seen: it goes on there where the group has got further
     * @param fromEnd whether to begin at the end where the group has never been
     * @param acknowledges whether the client says what is done; else what was written is
     */
    record Wish(
            String group,
            String member,
            List<String> topics,
            int sessionTimeoutMs,
            String clientId,
            String clientHost,
            Map<TopicIdPartition, Long> from,
            boolean fromEnd,
            boolean acknowledges) {}

    /**
     * @param onAssigned what to do when there are other partitions
     * @param onFailure what to do when it cannot be a member any more
     */
    Membership(PushLoop loop, Wish wish, Pump pump, Runnable onAssigned, Consumer<Throwable> onFailure) {
        this.loop = loop;
        this.wish = wish;
        this.pump = pump;
        this.onAssigned = onAssigned;
        this.onFailure = onFailure;
    }

    void start() {
        loop.add(this);
        ask(Optional.empty());
    }

    // ---- turns ----

    private void ask(Optional<Poll.Cursor> commit) {
        asking = true;
        interrupted = Optional.empty();
        Poll.Request poll = new Poll.Request(
                wish.member(),
                wish.topics(),
                wish.sessionTimeoutMs(),
                wish.clientId(),
                wish.clientHost(),
                commit,
                Poll.NEW,
                why -> loop.context.runOnContext(v -> interrupted(why)));
        Future.fromCompletionStage(loop.groups.poll(wish.group(), poll), loop.context)
                .onComplete(answer -> {
                    asking = false;
                    if (answer.failed()) {
                        fail(answer.cause());
                    } else if (!closed && isPassing(answer.result().error())) {
                        loop.vertx.setTimer(RETRY_MS, timer -> {
                            if (!closed && !asking) {
                                ask(commit);
                            }
                        });
                    } else {
                        told(answer.result());
                    }
                });
    }

    private void told(Poll.Answer answer) {
        if (answer.error() != GroupError.NONE) {
            fail(GroupErrors.problem(answer.error(), wish.group()));
            return;
        }
        told = answer;
        open = true;
        toldNs = System.nanoTime();
        if (closed) {
            end();
            return;
        }
        List<Place> places = new ArrayList<>();
        committed.clear();
        for (Poll.Readable readable : answer.partitions()) {
            places.add(place(readable));
        }
        acknowledged.keySet().retainAll(committed.keySet());
        since.keySet().retainAll(committed.keySet());
        pump.readOnly(places);
        onAssigned.run();
        pump.unpause();
        if (late.isPresent()) {
            answerLate(commit());
        }
        // It may have been taken back while it was on its way.
        interrupted.ifPresent(this::interrupted);
    }

    private static boolean isPassing(GroupError error) {
        return switch (error) {
            case NOT_COORDINATOR, LOADING, UNAVAILABLE -> true;
            default -> false;
        };
    }

    private Place place(Poll.Readable readable) {
        TopicIdPartition id = readable.id();
        Integer before = since.put(id, readable.since());
        boolean isSame = before != null && before == readable.since();
        if (!isSame) {
            acknowledged.remove(id);
        }
        Optional<Long> position = readable.position().map(CommittedOffset::offset);
        Long seen = wish.from().get(id);
        long begin;
        if (position.isEmpty()) {
            begin = wish.fromEnd() ? end(readable) : seen == null ? Place.BEGINNING : seen;
        } else {
            // What was written before a connection broke may not have arrived.
            begin = seen == null ? position.get() : Math.min(seen, position.get());
        }
        wish.from().remove(id);
        Place place = new Place(pump, readable.partition(), id, begin);
        if (isSame && held.contains(id)) {
            // What is out is not sent again because of a new turn: only its acknowledgement is missing.
            Optional<Place> reached = pump.places().stream()
                    .filter(one -> one.id().equals(id) && one.offset() >= place.offset())
                    .findFirst();
            if (reached.isPresent()) {
                committed.put(id, begin);
                return new Place(pump, readable.partition(), id, reached.get().offset());
            }
        }
        committed.put(id, position.orElse(-1L));
        return place;
    }

    private long end(Poll.Readable readable) {
        try {
            PartitionLog log = loop.broker.partition(readable.partition());
            return log.highWatermark();
        } catch (BrokerException e) {
            return Place.BEGINNING;
        }
    }

    private void interrupted(Poll.Interruption why) {
        if (closed) {
            taken |= why == Poll.Interruption.SUPERSEDED;
            return;
        }
        if (asking && why != Poll.Interruption.SUPERSEDED) {
            interrupted = Optional.of(why);
            return;
        }
        switch (why) {
            case SUPERSEDED -> {
                taken = true;
                fail(GroupErrors.problem(GroupError.SUPERSEDED, wish.group()));
            }
            case LEFT -> {
                taken = true;
                fail(new HttpProblem(
                        409, "member_left", "member " + wish.member() + " has left group " + wish.group()));
            }
            case CHANGED, REMOVED -> renew();
        }
    }

    /** Ends the turn as soon as no record is under way, and begins the next. */
    private void renew() {
        if (renewing || asking || closed) {
            return;
        }
        renewing = true;
        pump.pause(() -> {
            renewing = false;
            if (closed) {
                return;
            }
            Optional<Poll.Cursor> commit = uncommitted();
            held.clear();
            if (wish.acknowledges()) {
                pump.places().stream()
                        .filter(place -> place.offset() > done(place))
                        .forEach(place -> held.add(place.id()));
            }
            close(held);
            ask(commit);
        });
    }

    private void close(Set<TopicIdPartition> holding) {
        if (open) {
            open = false;
            loop.groups.pollDone(wish.group(), new Poll.Done(wish.member(), told.poll(), holding, holding.size()));
        }
    }

    // ---- positions ----

    /** Everything before it is done. */
    private long done(Place place) {
        return wish.acknowledges()
                ? acknowledged.getOrDefault(place.id(), committed.getOrDefault(place.id(), -1L))
                : place.delivered();
    }

    private Optional<Poll.Cursor> uncommitted() {
        Map<TopicIdPartition, Long> offsets = new HashMap<>();
        for (Place place : pump.places()) {
            long done = done(place);
            if (done >= 0
                    && done != committed.getOrDefault(place.id(), -1L)
                    && offsets.size() < PushLimits.MAX_PARTITIONS) {
                offsets.put(place.id(), done);
            }
        }
        return offsets.isEmpty() ? Optional.empty() : Optional.of(new Poll.Cursor(told.epoch(), offsets));
    }

    /** The client has done what lies before these offsets. */
    Future<Void> acknowledge(Map<TopicIdPartition, Long> offsets) {
        for (Place place : pump.places()) {
            Long offset = offsets.get(place.id());
            // Who says late what it had done before the group was moved does not move it back.
            boolean isNew = offset != null && offset > committed.getOrDefault(place.id(), -1L);
            if (isNew && offset <= place.offset()) {
                acknowledged.merge(place.id(), offset, Math::max);
            }
        }
        if (!asking) {
            return commit();
        }
        late = late.or(() -> Optional.of(Promise.promise()));
        return late.get().future();
    }

    private void answerLate(Future<?> committing) {
        late.ifPresent(promise -> committing.<Void>mapEmpty().onComplete(promise));
        late = Optional.empty();
    }

    private Future<Void> commit() {
        Optional<Poll.Cursor> cursor = uncommitted();
        if (cursor.isEmpty()) {
            return Future.succeededFuture();
        }
        committing = true;
        return Future.fromCompletionStage(loop.groups.commit(wish.group(), wish.member(), cursor.get()), loop.context)
                .compose(outcome -> {
                    committing = false;
                    committedNs = System.nanoTime();
                    if (outcome.error() != GroupError.NONE) {
                        return Future.failedFuture(GroupErrors.problem(outcome.error(), wish.group()));
                    }
                    // What was refused is somebody else's by now; the coordinator has said so, or will.
                    committed.putAll(cursor.get().offsets());
                    return Future.succeededFuture();
                });
    }

    @Override
    public void tick(long nowNs) {
        if (closed || asking || renewing || !open) {
            return;
        }
        if (nowNs - toldNs > TimeUnit.MILLISECONDS.toNanos(wish.sessionTimeoutMs() / 3)) {
            renew();
        } else if (!committing && nowNs - committedNs > COMMIT_NS) {
            commit().onFailure(failure -> committing = false);
        }
    }

    // ---- the end ----

    private void fail(Throwable why) {
        if (closed) {
            answerLate(Future.failedFuture(why));
        } else {
            onFailure.accept(why);
        }
    }

    /** Commits what is done and leaves the group, unless another connection is the member by now. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        loop.remove(this);
        if (!asking) {
            end();
        }
    }

    private void end() {
        if (taken) {
            answerLate(Future.failedFuture(GroupErrors.problem(GroupError.SUPERSEDED, wish.group())));
            return;
        }
        Future<?> last = commitAtTheEnd();
        answerLate(last);
        last.onComplete(done -> {
            close(Set.of());
            if (!taken) {
                loop.groups.leave(wish.group(), wish.member(), told.poll());
            }
        });
    }

    private Future<?> commitAtTheEnd() {
        Optional<Poll.Cursor> cursor = uncommitted();
        return cursor.isEmpty()
                ? Future.succeededFuture()
                : Future.fromCompletionStage(
                        loop.groups.commit(wish.group(), wish.member(), cursor.get()), loop.context);
    }
}
