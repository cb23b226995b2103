package io.sluice.server.alerts;

import java.util.OptionalLong;

/**
 * Something that was found wrong.
 *
 * @param rule by which rule
 * @param subject what it is about: a partition, a group, a topic; {@code broker} for the disk
 * @param message a sentence for people, as it was when the alert was raised
 * @param raisedMs when it was raised, in ms since the epoch
 * @param clearedMs when it was found to be well again, in ms since the epoch; empty if it has not been
 */
public record Alert(Rule rule, String subject, String message, long raisedMs, OptionalLong clearedMs) {
    boolean isRaised() {
        return clearedMs.isEmpty();
    }
}
