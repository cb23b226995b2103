package io.sluice.server.http.queues;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.server.http.HttpProblem;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Messages and leases as they are written outside. */
final class MessageTokens {
    private static final Pattern LEASE = Pattern.compile("(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,17})-([0-9a-f]{1,16})");

    private MessageTokens() {}

    static String of(Lease lease) {
        return lease.id() + "-" + Long.toHexString(lease.nonce());
    }

    /**
     * The lease that a token stands for.
     *
     * @param field where the token was
     * @throws HttpProblem 400
     */
    static Lease lease(String token, String field) {
        Matcher parts = LEASE.matcher(token);
        if (!parts.matches()) {
            throw new HttpProblem(
                            400, "invalid_argument", field + " is no lease: it is what receive gave with the message")
                    .with("field", field);
        }
        return new Lease(
                new MessageId(Integer.parseInt(parts.group(1)), Long.parseLong(parts.group(2))),
                Long.parseUnsignedLong(parts.group(3), 16));
    }
}
