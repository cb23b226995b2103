package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupShard;
import io.sluice.groups.GroupShard.Moved;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.sluice.server.http.records.FoundRecord;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.RecordFinder;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes one record out of a running group's way: the next one at the group's position, which nobody has been able to work on. It
 * may be copied to another topic first. Safe on any event loop.
 */
final class Skips {
    private static final int MAX_REASON_CHARS = 4_096;

    private final Broker broker;
    private final GroupCoordinator groups;
    private final RecordAccess records;
    private final int maxBodyBytes;
    private final InstantSource clock;

    Skips(Broker broker, GroupCoordinator groups, RecordAccess records, int maxBodyBytes, InstantSource clock) {
        this.broker = broker;
        this.groups = groups;
        this.records = records;
        this.maxBodyBytes = maxBodyBytes;
        this.clock = clock;
    }

    /**
     * What is to be skipped.
     *
     * @param topic the topic of the partition
     * @param offset the record's offset, or the group's position, if it is said
     * @param deadLetterTopic where the record is copied to, if it is
     * @param reason why, or empty
     */
    private record Wish(
            String group,
            Topic topic,
            TopicPartition partition,
            Optional<Long> offset,
            Optional<String> deadLetterTopic,
            String reason) {}

    /**
     * A record that has been found.
     *
     * @param position where the group stands, or GroupShard.NOWHERE
     * @param offset the record's offset
     * @param deadLetter where its copy is, if there is one
     */
    private record Skipped(long position, long offset, Optional<JsonObject> deadLetter) {}

    Future<JsonAnswer> skip(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            Wish wish = wish(group, fields);
            return GroupAdmin.known(groups, group)
                    .compose(view -> position(wish))
                    .compose(position -> find(ctx, wish, position))
                    .compose(skipped -> move(wish, skipped));
        });
    }

    private Wish wish(String group, JsonFields fields) {
        fields.allowOnly("topic", "partition", "offset", "dead_letter_topic", "reason");
        TopicPartition partition = new TopicPartition(fields.requiredText("topic", TopicName.MAX_CHARS), (int)
                fields.requiredNumber("partition", 0, Integer.MAX_VALUE));
        Topic topic = PositionMap.requireKnown(broker, partition);
        Optional<Long> offset = fields.has("offset")
                ? Optional.of(fields.requiredNumber("offset", 0, Long.MAX_VALUE))
                : Optional.empty();
        Optional<String> deadLetterTopic = fields.text("dead_letter_topic", TopicName.MAX_CHARS);
        deadLetterTopic.ifPresent(name -> {
            TopicName.requireForUsers(name);
            if (name.equals(topic.name())) {
                throw JsonFields.invalid("dead_letter_topic", "must be another topic than the record's own");
            }
        });
        return new Wish(
                group,
                topic,
                partition,
                offset,
                deadLetterTopic,
                fields.text("reason", MAX_REASON_CHARS).orElse(""));
    }

    private Future<Long> position(Wish wish) {
        return JsonAnswer.here(groups.positions(wish.group(), Optional.of(List.of(wish.partition()))))
                .map(fetched -> {
                    if (fetched.error() != GroupError.NONE) {
                        throw GroupErrors.problem(fetched.error(), wish.group());
                    }
                    CommittedOffset position = fetched.positions().get(wish.partition());
                    return position == null ? GroupShard.NOWHERE : position.offset();
                });
    }

    private Future<Skipped> find(RoutingContext ctx, Wish wish, long position) {
        PartitionLog log = broker.partition(wish.partition());
        long from = Math.max(position, log.logStartOffset());
        if (from > log.highWatermark()) {
            throw nothingThere(wish, from);
        }
        RecordFinder finder = new RecordFinder(records, ctx, log);
        if (wish.deadLetterTopic().isEmpty()) {
            return finder.find(from).map(found -> new Skipped(position, checked(wish, from, found), Optional.empty()));
        }
        return finder.read(from).compose(found -> {
            checked(wish, from, found.map(FoundRecord::offset));
            return copy(wish, found.orElseThrow())
                    .map(copied -> new Skipped(position, found.get().offset(), Optional.of(copied)));
        });
    }

    private static long checked(Wish wish, long from, Optional<Long> found) {
        long offset = found.orElseThrow(() -> nothingThere(wish, from));
        if (wish.offset().filter(said -> said != from && said != offset).isPresent()) {
            throw moved(wish, from);
        }
        return offset;
    }

    private static HttpProblem nothingThere(Wish wish, long position) {
        return new HttpProblem(
                        409,
                        "nothing_to_skip",
                        "group " + wish.group() + " stands at the end of " + wish.partition() + ", at " + position)
                .with("position", position);
    }

    private static HttpProblem moved(Wish wish, long position) {
        return GroupErrors.problem(GroupError.POSITION_HAS_MOVED, wish.group()).with("position", position);
    }

    // ---- dead letters ----

    private Future<JsonObject> copy(Wish wish, FoundRecord record) {
        return JsonAnswer.here(broker.topicOrCreate(wish.deadLetterTopic().orElseThrow()))
                .compose(target -> {
                    int partition = wish.partition().partition() % target.partitions();
                    RecordBatch batch = batch(wish, record, target);
                    return JsonAnswer.here(broker.append(target.name(), partition, batch, Acks.COMMITTED))
                            .map(appended -> Outcomes.of(new TopicPartition(target.name(), partition))
                                    .put("offset", appended.baseOffset()));
                });
    }

    private RecordBatch batch(Wish wish, FoundRecord record, Topic target) {
        if (target.config().compacted() && record.key().isEmpty()) {
            throw new BrokerException(
                    ErrorCode.INVALID_RECORD,
                    "the record has no key, and topic " + target.name() + " is compacted, so that it needs one");
        }
        Headers headers = record.headers();
        add(headers, "topic", wish.topic().name());
        add(headers, "partition", Integer.toString(wish.partition().partition()));
        add(headers, "offset", Long.toString(record.offset()));
        add(headers, "group", wish.group());
        add(headers, "time", Long.toString(record.timestampMs()));
        add(headers, "reason", wish.reason());
        RecordBatch batch = new RecordBatchBuilder(headers.sizeInBytes()
                        + record.key().map(bytes -> bytes.length).orElse(0)
                        + record.value().map(bytes -> bytes.length).orElse(0))
                .append(
                        clock.millis(),
                        record.key().orElse(null),
                        record.value().orElse(null),
                        headers)
                .build();
        if (batch.sizeInBytes() > target.config().maxMessageBytes()) {
            throw new BrokerException(
                    ErrorCode.RECORD_TOO_LARGE,
                    "the record takes " + batch.sizeInBytes()
                            + " bytes with what is said about it, max.message.bytes of topic " + target.name() + " is "
                            + target.config().maxMessageBytes());
        }
        return batch;
    }

    private static void add(Headers headers, String name, String text) {
        headers.add("sluice-dead-letter-" + name, text.getBytes(StandardCharsets.UTF_8));
    }

    // ---- the move ----

    private Future<JsonAnswer> move(Wish wish, Skipped skipped) {
        long next = skipped.offset() + 1;
        CommittedOffset to = new CommittedOffset(wish.topic().id(), next, -1, "", clock.millis());
        return JsonAnswer.here(groups.seek(
                        wish.group(), Map.of(wish.partition(), to), Map.of(wish.partition(), skipped.position())))
                .compose(moved -> moved.error() == GroupError.POSITION_HAS_MOVED
                        ? position(wish).map(now -> {
                            throw withDeadLetter(moved(wish, now), skipped);
                        })
                        : Future.succeededFuture(answer(wish, skipped, moved, next)));
    }

    private static HttpProblem withDeadLetter(HttpProblem problem, Skipped skipped) {
        skipped.deadLetter().ifPresent(place -> problem.with("dead_letter", place));
        return problem;
    }

    private static JsonAnswer answer(Wish wish, Skipped skipped, Moved moved, long next) {
        if (moved.error() != GroupError.NONE) {
            throw withDeadLetter(GroupErrors.problem(moved.error(), wish.group()), skipped);
        }
        JsonObject document = new JsonObject()
                .put("skipped", Outcomes.of(wish.partition()).put("offset", skipped.offset()))
                .put("position", next);
        skipped.deadLetter().ifPresent(place -> document.put("dead_letter", place));
        return JsonAnswer.of(200, document.put("evicted", new JsonArray(moved.evicted())));
    }
}
