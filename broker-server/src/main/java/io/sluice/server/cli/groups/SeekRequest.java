package io.sluice.server.cli.groups;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.Json;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/** What {@code groups seek} asks the broker for. */
final class SeekRequest {
    private SeekRequest() {}

    /**
     * A place in time, or the begin or end, for all that the group has, or only for some topics and partitions.
     *
     * @param topics like {@code orders} or {@code orders:0,1}
     * @param zone of times that name none
     * @throws CliException USAGE if a text is none of the forms
     */
    static ObjectNode to(String to, List<String> topics, ZoneId zone) {
        ObjectNode request = Json.object().put("to", place(to, zone));
        for (String text : topics) {
            int colon = text.indexOf(':');
            if (colon < 0) {
                request.withArray("topics").add(text);
                continue;
            }
            String topic = text.substring(0, colon);
            for (String number : text.substring(colon + 1).split(",", -1)) {
                int partition = PartitionName.parse(topic + ":" + number).partition();
                request.withObjectProperty("partitions").withArray(topic).add(partition);
            }
        }
        return request;
    }

    private static String place(String to, ZoneId zone) {
        boolean ago = to.startsWith("-") && Durations.isDuration(to.substring(1));
        if (to.equals("earliest") || to.equals("latest") || ago) {
            return to;
        }
        try {
            return Durations.instant(to, zone).toString();
        } catch (DateTimeException e) {
            throw CliException.usage("groups seek: --to " + to + " is not earliest, latest, a time like"
                    + " 2026-01-31T12:00:00Z, or one ago like -15m; an offset is --offset orders:0=17");
        }
    }

    /**
     * Offsets.
     *
     * @param offsets like {@code orders:0=17}
     * @throws CliException USAGE if one is not of this form, or a partition is named twice
     */
    static ObjectNode offsets(List<String> offsets) {
        ObjectNode request = Json.object();
        ObjectNode topics = request.putObject("to");
        for (String text : offsets) {
            int equals = text.indexOf('=');
            String offset = text.substring(equals + 1);
            if (equals < 0 || !offset.matches("\\d{1,18}")) {
                throw CliException.usage("groups seek: --offset " + text + " is not like orders:0=17");
            }
            PartitionName partition = PartitionName.parse(text.substring(0, equals));
            ObjectNode of = topics.withObjectProperty(partition.topic());
            if (of.has(Integer.toString(partition.partition()))) {
                throw CliException.usage("groups seek: two offsets for " + text.substring(0, equals));
            }
            of.put(Integer.toString(partition.partition()), Long.parseLong(offset));
        }
        return request;
    }

    /** One of the two. */
    static ObjectNode of(Optional<String> to, List<String> topics, List<String> offsets, ZoneId zone) {
        if (to.isPresent() == !offsets.isEmpty()) {
            throw CliException.usage("groups seek: say where: either --to or --offset");
        }
        if (!offsets.isEmpty() && !topics.isEmpty()) {
            throw CliException.usage("groups seek: --offset names partitions itself: leave out --topic");
        }
        return to.isPresent() ? to(to.get(), topics, zone) : offsets(offsets);
    }
}
