package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Reads what the workers of queues have written into their journal, and holds it against what the queue promises. */
final class WorkAudit {
    /** One delivery of a message, as its worker saw it. */
    private static final class Delivery {
        private String worker = "";
        private int gotAt = -1;
        private long gotMs;
        private long expiresMs;
        /** Where it is written that its worker gives it up, or -1. */
        private int endsAt = -1;

        private String how = "";
        private String answer = "";
        private boolean late;
    }

    private final Map<String, TreeMap<Integer, Delivery>> deliveries = new HashMap<>();
    private final List<String> unexpected = new ArrayList<>();

    WorkAudit(Path journal) throws IOException {
        int line = 0;
        for (String text : Files.readAllLines(journal)) {
            String[] words = text.split(" ");
            line++;
            if (words.length > 2 && words[2].equals("unexpected")) {
                unexpected.add(text);
            } else if (words.length >= 5) {
                read(line, words);
            }
        }
    }

    private void read(int line, String[] words) {
        Delivery delivery = deliveries
                .computeIfAbsent(words[3], id -> new TreeMap<>())
                .computeIfAbsent(Integer.parseInt(words[4]), number -> new Delivery());
        switch (words[2]) {
            case "got" -> {
                assertThat(delivery.gotAt)
                        .as("delivery %s of %s is of one worker", words[4], words[3])
                        .isEqualTo(-1);
                delivery.worker = words[1];
                delivery.gotAt = line;
                delivery.gotMs = Long.parseLong(words[0]);
                delivery.expiresMs = Long.parseLong(words[5]);
            }
            case "ends" -> {
                delivery.endsAt = line;
                delivery.how = words[5];
            }
            case "late" -> delivery.late = true;
            case "ok", "refused", "lost" -> delivery.answer = words[2];
            default -> {
                // That it hangs needs no proof.
            }
        }
    }

    /** Nobody has a message that another has, and nobody gets what is done. */
    void check() {
        assertThat(unexpected).isEmpty();
        deliveries.forEach((id, all) -> {
            Delivery before = null;
            boolean done = false;
            for (Map.Entry<Integer, Delivery> entry : all.entrySet()) {
                Delivery one = entry.getValue();
                assertThat(one.gotAt)
                        .as("delivery %d of %s", entry.getKey(), id)
                        .isPositive();
                assertThat(done)
                        .as("%s is given out again after it was acknowledged", id)
                        .isFalse();
                if (before != null) {
                    boolean wasGivenUp = before.endsAt > 0 && before.endsAt < one.gotAt;
                    assertThat(wasGivenUp || one.gotMs >= before.expiresMs)
                            .as(
                                    "%s is with %s since %d and with %s until %d",
                                    id, one.worker, one.gotMs, before.worker, before.expiresMs)
                            .isTrue();
                }
                if (one.late) {
                    assertThat(one.answer)
                            .as("an acknowledgement of %s after the lease was over", id)
                            .isNotEqualTo("ok");
                }
                done = one.how.equals("ack") && one.answer.equals("ok");
                before = one;
            }
        });
    }

    /** Those of which a worker was told that they are done. */
    Set<String> acknowledged() {
        Set<String> ids = new HashSet<>();
        deliveries.forEach((id, all) -> {
            if (all.values().stream().anyMatch(one -> one.how.equals("ack") && one.answer.equals("ok"))) {
                ids.add(id);
            }
        });
        return ids;
    }

    /**
     * Those whose last delivery was acknowledged without an answer, or without anybody who could write it down: they may be done. Whatever was delivered
     * once more was not.
     */
    Set<String> perhapsAcknowledged() {
        Set<String> ids = new HashSet<>();
        deliveries.forEach((id, all) -> {
            Delivery last = all.lastEntry().getValue();
            if (last.how.equals("ack") && (last.answer.equals("lost") || last.answer.isEmpty())) {
                ids.add(id);
            }
        });
        return ids;
    }

    /** Nobody got a message before its time. */
    void checkDue(String id, long dueMs) {
        deliveries
                .getOrDefault(id, new TreeMap<>())
                .values()
                .forEach(one -> assertThat(one.gotMs)
                        .as("%s is given out before its time", id)
                        .isGreaterThanOrEqualTo(dueMs));
    }

    /**
     * Messages of a key, in the order in which they were sent: nobody got one of them before those in front of it were done. What a worker wrote down when its
     * lease was over already, for it was stopped meanwhile, says nothing of when it got it.
     */
    void checkOrder(List<String> ids) {
        long lastMs = 0;
        String last = "";
        for (String id : ids) {
            long firstMs = Long.MAX_VALUE;
            long inTimeMs = 0;
            for (Delivery one : deliveries.getOrDefault(id, new TreeMap<>()).values()) {
                firstMs = Math.min(firstMs, one.gotMs);
                inTimeMs = Math.max(inTimeMs, one.gotMs < one.expiresMs ? one.gotMs : 0);
            }
            assertThat(firstMs).as("%s came before %s was done", id, last).isGreaterThanOrEqualTo(lastMs);
            if (inTimeMs > lastMs) {
                lastMs = inTimeMs;
                last = id;
            }
        }
    }

    /** A dead letter's case file tells what the workers did. */
    void checkCase(String id, JsonObject letter) {
        List<String> silence = id.startsWith(QueueWorkers.HELD)
                ? List.of("session expired", "session ended")
                : List.of("lease expired");
        TreeMap<Integer, Delivery> all = deliveries.getOrDefault(id, new TreeMap<>());
        JsonArray attempts = letter.getJsonArray("attempts");
        if (!all.isEmpty()) {
            assertThat(attempts.size()).as("attempts of %s", id).isGreaterThanOrEqualTo(all.lastKey());
        }
        for (Map.Entry<Integer, Delivery> entry : all.entrySet()) {
            Delivery one = entry.getValue();
            JsonObject attempt = attempts.getJsonObject(entry.getKey() - 1);
            assertThat(attempt.getString("consumer"))
                    .as("attempt %d of %s", entry.getKey(), id)
                    .isEqualTo(one.worker);
            String told = one.how.substring(one.how.indexOf('-') + 1);
            if (one.answer.equals("ok")) {
                assertThat(attempt.getString("reason"))
                        .as("attempt %d of %s", entry.getKey(), id)
                        .isEqualTo(told);
            } else {
                List<String> possible = new ArrayList<>(silence);
                possible.add(told);
                assertThat(possible).as("attempt %d of %s", entry.getKey(), id).contains(attempt.getString("reason"));
            }
            assertThat(attempt.getLong("held_ms")).isNotNegative();
        }
    }

    @Override
    public String toString() {
        long all = deliveries.values().stream().mapToLong(Map::size).sum();
        long late = deliveries.values().stream()
                .flatMap(one -> one.values().stream())
                .filter(one -> one.late)
                .count();
        return deliveries.size() + " messages in " + all + " deliveries, "
                + acknowledged().size() + " acknowledged, " + late + " too late";
    }
}
