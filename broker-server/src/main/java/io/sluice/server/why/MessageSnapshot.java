package io.sluice.server.why;

import io.sluice.groups.queue.MessageView;
import java.util.Optional;

/**
 * A message as it is at one moment.
 *
 * @param queue its queue
 * @param message where it stands
 * @param state its state, also if only the time tells
 * @param deliverAtMs when it is due, in ms since the epoch; 0 if at once
 * @param expiresAtMs when it is not delivered any more, in ms since the epoch; {@link Long#MAX_VALUE} if never
 * @param blocker the message that it waits for, if there is one
 */
public record MessageSnapshot(
        QueueSnapshot queue,
        MessageView message,
        MessageView.State state,
        long deliverAtMs,
        long expiresAtMs,
        Optional<MessageView> blocker) {}
