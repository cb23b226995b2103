package io.sluice.server.http.push;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.filter.RecordFilter;
import io.sluice.server.http.records.RecordChunks;
import io.sluice.server.http.records.RecordFrame;
import io.sluice.server.http.records.Values;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Reads the partitions of one subscription in turns and hands over what it finds, one piece after the other: the next is made when
 * the socket has taken the last. Where nothing is left to read it sleeps until a bell rings. Owned by the event loop.
 */
final class Pump implements PushLoop.Ticking {
    /** When a client takes nothing for so long, what was read ahead for it is dropped. */
    private static final long STALLED_NS = TimeUnit.SECONDS.toNanos(1);

    private final PushLoop loop;
    private final Outlet outlet;
    private final RecordChunks chunks;
    private final boolean filtered;
    /** All partitions, in the order of a cursor. */
    private List<Place> places = List.of();
    /** Those that may have something to read, in the order of their turns. */
    private final ArrayDeque<Place> awake = new ArrayDeque<>();
    /** The one that is being read, or was last. */
    private Place current;

    /** Topics of which partitions that come are read as well. */
    private final Set<Topic> followed = new HashSet<>();

    private boolean queued;
    private boolean reading;
    private boolean writing;
    private boolean paused;
    private boolean closed;
    private long writingSinceNs;
    private boolean dropped;
    private Runnable whenQuiet = () -> {};
    private boolean moved;

    Pump(PushLoop loop, Outlet outlet, Values values, RecordFilter filter, boolean named, RecordFrame frame) {
        this.loop = loop;
        this.outlet = outlet;
        this.chunks = new RecordChunks(loop.access, loop.context, loop.scratch, values, filter, named, frame);
        this.filtered = !filter.isAll();
        loop.metrics.opened();
        loop.add(this);
    }

    boolean isQueued() {
        return queued;
    }

    void setQueued(boolean now) {
        queued = now;
    }

    List<Place> places() {
        return places;
    }

    /** The place that records are from that are being written. */
    Place current() {
        return current;
    }

    /** Whether something has been passed over since {@link #clearMoved()}: the cursor is not what the client knows. */
    boolean hasMoved() {
        return moved;
    }

    void clearMoved() {
        moved = false;
    }

    /** Whether a piece is on its way, or being made. */
    boolean isBusy() {
        return reading || writing;
    }

    boolean isInRecord() {
        return chunks.isInRecord();
    }

    /** Reads these topics, and partitions that they get, besides what it reads already. */
    void follow(Topic topic) {
        followed.add(topic);
    }

    /** Reads these partitions and no others. Only while it is quiet. */
    void readOnly(List<Place> wanted) {
        assert !isBusy() && !chunks.isInRecord();
        places.forEach(this::forget);
        awake.clear();
        places = List.copyOf(
                wanted.stream().sorted(Comparator.comparing(Place::id)).toList());
        places.forEach(this::find);
        loop.enqueue(this);
    }

    private void forget(Place place) {
        place.leave();
        loop.bells.leave(place);
    }

    /** Stops between two records, and says so. */
    void pause(Runnable then) {
        paused = true;
        whenQuiet = then;
        if (!isBusy() && !chunks.isInRecord()) {
            quiet();
        } else {
            resume();
        }
    }

    private void quiet() {
        Runnable then = whenQuiet;
        whenQuiet = () -> {};
        then.run();
    }

    /** Goes on after {@link #pause}, or after the outlet was not ready. */
    void unpause() {
        paused = false;
        resume();
    }

    void resume() {
        if (!closed) {
            loop.enqueue(this);
        }
    }

    // ---- partitions ----

    /** Looks for the log of a place; what is not found is looked for at the next tick. */
    private void find(Place place) {
        try {
            place.open(loop.broker.partition(place.partition()));
            awake.add(place);
        } catch (BrokerException e) {
            place.lose();
        }
    }

    /** A place has something to read, or cannot be waited for. */
    void woken(Place place, boolean lost) {
        if (closed || place.isLeft()) {
            return;
        }
        if (lost) {
            place.lose();
        } else {
            awake.add(place);
            loop.enqueue(this);
        }
    }

    @Override
    public void tick(long nowNs) {
        for (Place place : places) {
            if (!place.isOpen()) {
                find(place);
                if (place.isOpen()) {
                    loop.enqueue(this);
                }
            }
        }
        if (!followed.isEmpty() && !isBusy() && !chunks.isInRecord()) {
            checkTopics();
        }
        if (writing && !dropped && nowNs - writingSinceNs > STALLED_NS) {
            dropped = true;
            chunks.drop();
        }
    }

    private void checkTopics() {
        for (Topic known : List.copyOf(followed)) {
            Topic now = loop.broker.topic(known.id()).orElse(null);
            if (now == null) {
                followed.remove(known);
                leave(known);
                outlet.topicDeleted(known.name(), followed.isEmpty());
                if (closed) {
                    return;
                }
            } else if (now.partitions() > known.partitions()) {
                followed.remove(known);
                followed.add(now);
                List<Place> more = new ArrayList<>(places);
                for (int partition = known.partitions(); partition < now.partitions(); partition++) {
                    Place place = new Place(
                            this,
                            new TopicPartition(now.name(), partition),
                            new TopicIdPartition(now.id(), partition),
                            Place.BEGINNING);
                    more.add(place);
                    find(place);
                }
                more.sort(Comparator.comparing(Place::id));
                places = List.copyOf(more);
                moved = true;
                loop.enqueue(this);
            }
        }
    }

    private void leave(Topic topic) {
        List<Place> left = new ArrayList<>();
        for (Place place : places) {
            if (place.id().topicId().equals(topic.id())) {
                forget(place);
                awake.remove(place);
            } else {
                left.add(place);
            }
        }
        places = left;
    }

    // ---- turns ----

    /** Makes a piece, if there is something to read and somebody to take it. */
    void turn() {
        if (closed || isBusy()) {
            return;
        }
        if (!chunks.isInRecord()) {
            if (paused) {
                quiet();
                return;
            }
            if (!outlet.isReady()) {
                return;
            }
            current = next();
            if (current == null || closed) {
                return;
            }
        } else if (!outlet.isReady()) {
            return;
        }
        int limitBytes = loop.pieceBytes();
        long taken = (long) limitBytes + RecordChunks.READ_BYTES;
        if (!loop.room.tryTake(taken)) {
            loop.later(this);
            return;
        }
        read(current, limitBytes, taken);
    }

    /** The place whose turn it is; null if all sleep. */
    private Place next() {
        while (!awake.isEmpty()) {
            Place place = awake.peek();
            if (!place.isOpen()) {
                awake.poll();
                continue;
            }
            PartitionLog log = place.log();
            long first = log.logStartOffset();
            long end = log.highWatermark();
            if (place.isAtBeginning()) {
                place.moveTo(first);
            } else if (place.offset() < first || place.offset() > end) {
                long from = place.offset();
                place.moveTo(from < first ? first : end);
                outlet.gap(place.partition(), from, place.offset());
                if (closed) {
                    return null;
                }
            }
            awake.poll();
            if (place.offset() < end) {
                awake.add(place);
                return place;
            }
            loop.bells.sleep(place);
        }
        return null;
    }

    private void read(Place place, int limitBytes, long taken) {
        reading = true;
        loop.readBegan();
        long before = place.offset();
        chunks.next(place.read(), limitBytes).onComplete(made -> {
            reading = false;
            loop.readEnded();
            if (closed) {
                chunks.close();
                give(taken);
            } else if (made.failed()) {
                give(taken);
                unreadable(place, made.cause());
            } else if (made.result().text().length() == 0) {
                give(taken);
                moved |= place.offset() != before;
                loop.enqueue(this);
            } else {
                write(place, made.result(), taken);
            }
        });
    }

    private void write(Place place, RecordChunks.Chunk chunk, long taken) {
        writing = true;
        dropped = false;
        writingSinceNs = System.nanoTime();
        // Only what ends with a record brings the client the cursor that is reached.
        outlet.write(chunk, chunks.isInRecord()).onComplete(written -> {
            writing = false;
            give(taken);
            if (written.succeeded()) {
                loop.metrics.pushed(chunk.records(), chunk.text().length());
                if (!chunks.isInRecord()) {
                    place.deliver();
                    moved |= filtered;
                }
                loop.enqueue(this);
            } else {
                outlet.gone();
            }
        });
    }

    private void give(long taken) {
        loop.room.give(taken);
        loop.retryRoomless();
    }

    private void unreadable(Place place, Throwable why) {
        String code = HttpErrors.problem(why).code();
        if (code.equals("offset_out_of_range") && !chunks.isInRecord()) {
            // It was deleted a moment ago: the next turn sees it.
            loop.enqueue(this);
        } else if (why instanceof BrokerException refusal && isPassing(refusal.code()) && !chunks.isInRecord()) {
            chunks.drop();
            place.lose();
            loop.enqueue(this);
        } else {
            outlet.failed(why);
        }
    }

    private static boolean isPassing(ErrorCode code) {
        return switch (code) {
            case NOT_OWNER, FENCED, PARTITION_OFFLINE, OVERLOADED, UNKNOWN_TOPIC, UNKNOWN_PARTITION -> true;
            default -> false;
        };
    }

    /** Ends it. Whatever is under way lets go by itself. */
    void close() {
        if (!closed) {
            closed = true;
            places.forEach(this::forget);
            chunks.close();
            loop.remove(this);
            loop.metrics.closed();
        }
    }
}
