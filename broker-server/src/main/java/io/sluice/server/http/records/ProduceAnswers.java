package io.sluice.server.http.records;

import io.sluice.core.engine.Appended;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The answers to produced records, record by record. */
final class ProduceAnswers {
    /** How many outcomes an error lists. */
    static final int MAX_OUTCOMES = 10_000;

    private static final byte[] BEGIN = JsonOutput.ascii("{\"offsets\":[");
    private static final byte[] PARTITION = JsonOutput.ascii("{\"partition\":");
    private static final byte[] OFFSET = JsonOutput.ascii(",\"offset\":");
    private static final byte[] END = JsonOutput.ascii("]}");

    private ProduceAnswers() {}

    /** Writes partition and offset of every record, in the order of the request. */
    static void offsets(JsonOutput out, ProduceBatches records, BatchAppends appends) {
        int batches = records.drafts().size();
        long[] next = new long[batches];
        for (int i = 0; i < batches; i++) {
            next[i] = appends.appended(i).orElseThrow().baseOffset();
        }
        out.put(BEGIN);
        for (int record = 0; record < records.records(); record++) {
            if (record > 0) {
                out.put(',');
            }
            int batch = records.batchOf(record);
            out.put(PARTITION)
                    .number(records.drafts().get(batch).partition())
                    .put(OFFSET)
                    .number(next[batch]++)
                    .put('}');
        }
        out.put(END);
    }

    /** Writes where one record went. */
    static void offset(JsonOutput out, int partition, long offset) {
        out.put(BEGIN)
                .put(PARTITION)
                .number(partition)
                .put(OFFSET)
                .number(offset)
                .put('}')
                .put(END);
    }

    /**
     * The problem of a request of which at least one batch failed. If others succeeded it lists the outcome of every
     * record, so that nothing is hidden.
     */
    static HttpProblem failure(ProduceBatches records, BatchAppends appends) {
        HttpProblem first = HttpErrors.problem(appends.anyFailure().orElseThrow());
        int batches = records.drafts().size();
        int appendedRecords = 0;
        for (int i = 0; i < batches; i++) {
            appendedRecords +=
                    appends.appended(i).isPresent() ? records.drafts().get(i).count() : 0;
        }
        if (appendedRecords == 0) {
            return first;
        }
        String detail = first.detail() + "; " + appendedRecords + " of " + records.records()
                + " records were appended all the same, records tells which";
        HttpProblem problem = new HttpProblem(first.status(), first.code(), detail);
        first.members().forEach(problem::with);
        first.headers().forEach(problem::withHeader);
        problem.with("accepted", appendedRecords).with("records", outcomes(records, appends));
        return records.records() > MAX_OUTCOMES ? problem.with("truncated", true) : problem;
    }

    private static List<Map<String, Object>> outcomes(ProduceBatches records, BatchAppends appends) {
        int[] seen = new int[records.drafts().size()];
        List<Map<String, Object>> outcomes = new ArrayList<>();
        for (int record = 0; record < Math.min(MAX_OUTCOMES, records.records()); record++) {
            int batch = records.batchOf(record);
            Map<String, Object> outcome = new LinkedHashMap<>();
            outcome.put("partition", records.drafts().get(batch).partition());
            Optional<Appended> appended = appends.appended(batch);
            if (appended.isPresent()) {
                long base = appended.get().baseOffset();
                outcome.put("offset", base < 0 ? -1 : base + seen[batch]++);
            } else {
                HttpProblem problem = HttpErrors.problem(appends.failure(batch).orElseThrow());
                outcome.put("error", Map.of("code", problem.code(), "detail", problem.detail()));
            }
            outcomes.add(outcome);
        }
        return outcomes;
    }
}
