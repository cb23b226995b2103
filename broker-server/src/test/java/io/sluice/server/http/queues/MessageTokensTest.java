package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.server.http.records.JsonOutput;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lease is written in one way, and no other text is taken for one. */
class MessageTokensTest {
    private static String written(Lease lease) {
        JsonOutput out = new JsonOutput(1);
        MessageTokens.put(out, lease);
        return out.toBuffer().toString();
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            // Numbers of all lengths.
            Lease lease = new Lease(
                    new MessageId(
                            random.nextInt(1_000_000_000) >> random.nextInt(31),
                            random.nextLong(1_000_000_000_000_000_000L) >> random.nextInt(63)),
                    random.nextLong() >>> random.nextInt(64));

            String token = written(lease);

            assertThat(token).as("seed %d", seed).isEqualTo(lease.id() + "-" + Long.toHexString(lease.nonce()));
            assertThat(MessageTokens.lease(token)).as("seed %d", seed).hasValue(lease);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "--",
                "0-0",
                "0-0-",
                "-0-0",
                "0--0",
                "00-0-0",
                "01-0-0",
                "0-00-0",
                "0-01-0",
                "1000000000-0-0",
                "0-1000000000000000000-0",
                "0-0-00000000000000000",
                "0-0-0-0",
                "0-0-F",
                "0-0-g",
                "+1-0-0",
                "0-+1-0",
                "0-0-+1",
                " 0-0-0",
                "0-0-0\n",
                "0-0-\u0660",
                "\u0660-0-0",
                "0-\u0660-0"
            })
    void anotherTextIsNoLease(String token) {
        assertThat(MessageTokens.lease(token)).isEmpty();
    }
}
