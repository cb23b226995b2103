package io.sluice.server.cli.groups;

import io.sluice.server.cli.client.CliException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A partition as a person types it: {@code orders:2}. No topic has a colon in its name.
 *
 * @param topic the topic's name
 * @param partition the number
 */
record PartitionName(String topic, int partition) {
    private static final Pattern FORM = Pattern.compile("([^:]+):(\\d{1,9})");

    /** @throws CliException USAGE if it is not one */
    static PartitionName parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw CliException.usage("groups: " + text + " is not a topic and a partition like orders:2");
        }
        return new PartitionName(parts.group(1), Integer.parseInt(parts.group(2)));
    }
}
