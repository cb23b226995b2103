package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.sluice.loadtest.target.HttpRequests;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Makes produce requests beforehand, so that sending one costs a write and nothing else. Closing it frees them; no one
 * may be sending them by then.
 */
final class ProduceRequests implements AutoCloseable {
    private static final int MAX_VARIANTS = 64;
    private static final int VARIANT_BYTES = 4 * 1024 * 1024;
    private static final String RECORD = "{record}";

    private final HttpRequests requests;
    private final Workload workload;
    private final List<ByteBuf> owned = new ArrayList<>();

    ProduceRequests(HttpRequests requests, Workload workload) {
        this.requests = requests;
        this.workload = workload;
    }

    /** Different requests for the topic or queue, enough that payloads do not repeat soon, few enough to stay small. */
    List<ByteBuf> to(String name, OptionalInt partition, Payloads payloads) {
        List<ByteBuf> made = new ArrayList<>();
        for (int i = variants(); i > 0; i--) {
            made.add(requests.post(path(name), "application/json", body(partition, payloads, new int[0])));
        }
        owned.addAll(made);
        return made;
    }

    /** One request whose records begin with a stamp. */
    StampedTraffic stamped(String name, Payloads payloads) {
        int[] stampsAt = new int[workload.recordsPerRequest()];
        byte[] body = body(OptionalInt.empty(), payloads, stampsAt);
        ByteBuf request = requests.post(path(name), "application/json", body);
        owned.add(request);
        int head = request.readableBytes() - body.length;
        for (int i = 0; i < stampsAt.length; i++) {
            stampsAt[i] += head;
        }
        return new StampedTraffic(request, stampsAt, workload.requestPayloadBytes());
    }

    /** The requests of a workload for any server, each with its own random records in place of {@code {record}}. */
    List<ByteBuf> toUrl(Workload.Post post, Payloads payloads) {
        List<ByteBuf> made = new ArrayList<>();
        for (int i = post.body().contains(RECORD) ? variants() : 1; i > 0; i--) {
            StringBuilder body = new StringBuilder();
            int from = 0;
            for (int at = post.body().indexOf(RECORD); at >= 0; at = post.body().indexOf(RECORD, from)) {
                body.append(post.body(), from, at).append(text(payloads));
                from = at + RECORD.length();
            }
            body.append(post.body(), from, post.body().length());
            made.add(requests.post(
                    post.pathAndQuery(), post.contentType(), body.toString().getBytes(StandardCharsets.UTF_8)));
        }
        owned.addAll(made);
        return made;
    }

    @Override
    public void close() {
        owned.forEach(ByteBuf::release);
        owned.clear();
    }

    private String path(String name) {
        return workload.kind().isOfQueues()
                ? "/v1/queues/" + name + "/messages"
                : "/v1/topics/" + name + "/records?acks=" + workload.acks();
    }

    private int variants() {
        return (int) Math.max(1, Math.min(MAX_VARIANTS, VARIANT_BYTES / workload.requestPayloadBytes()));
    }

    /** @param stampsAt filled with where each record's value begins, as far as it reaches */
    private byte[] body(OptionalInt partition, Payloads payloads, int[] stampsAt) {
        ByteArrayOutputStream body = new ByteArrayOutputStream((int) workload.requestPayloadBytes() + 1024);
        String record = (partition.isPresent() ? "{\"partition\":" + partition.getAsInt() + "," : "{") + "\"value\":\"";
        body.writeBytes(ascii(workload.kind().isOfQueues() ? "{\"messages\":[" : "{\"records\":["));
        for (int i = 0; i < workload.recordsPerRequest(); i++) {
            body.writeBytes(ascii(i == 0 ? record : "," + record));
            if (i < stampsAt.length) {
                stampsAt[i] = body.size();
            }
            body.writeBytes(payloads.next(workload.recordBytes()));
            body.writeBytes(ascii("\"}"));
        }
        body.writeBytes(ascii("]}"));
        return body.toByteArray();
    }

    private String text(Payloads payloads) {
        return new String(payloads.next(workload.recordBytes()), StandardCharsets.US_ASCII);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
