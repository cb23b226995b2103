package io.sluice.groups.classic;

import io.sluice.core.TopicPartition;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

public final class ConsumerProtocol {
    public record Subscription(
            List<String> topics, List<TopicPartition> owned, int generation, Optional<String> rack) {}

    public static Subscription subscription(byte[] bytes) {
        try {
            ByteBuffer in = ByteBuffer.wrap(bytes);
            int v = Math.min(3, in.getShort());
            int n = in.getInt();
            List<String> topics = new ArrayList<>();
            for (int i = 0; i < n; i++) topics.add(str(in));
            int ud = in.getInt();
            if (ud > 0) in.position(in.position() + ud);
            List<TopicPartition> owned = new ArrayList<>();
            int gen = -1;
            if (v >= 1) {
                int t = in.getInt();
                for (int i = 0; i < t; i++) {
                    String name = str(in);
                    int c = in.getInt();
                    for (int j = 0; j < c; j++) owned.add(new TopicPartition(name, in.getInt()));
                }
            }
            if (v >= 2) gen = in.getInt();
            return new Subscription(topics, owned, gen, Optional.empty());
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static String str(ByteBuffer in) {
        byte[] b = new byte[in.getShort()];
        in.get(b);
        return new String(b, StandardCharsets.UTF_8);
    }

    public static Map<String, List<Integer>> assignment(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        in.getShort();
        Map<String, List<Integer>> all = new TreeMap<>();
        int t = in.getInt();
        for (int i = 0; i < t; i++) {
            String name = str(in);
            int c = in.getInt();
            List<Integer> l = new ArrayList<>();
            for (int j = 0; j < c; j++) l.add(in.getInt());
            all.put(name, l);
        }
        return all;
    }

    public static byte[] assignment(Map<String, List<Integer>> partitions, int version) {
        ByteBuffer out = ByteBuffer.allocate(1 << 16);
        out.putShort((short) Math.min(version, 3)).putInt(partitions.size());
        partitions.forEach((t, l) -> {
            byte[] b = t.getBytes(StandardCharsets.UTF_8);
            out.putShort((short) b.length).put(b).putInt(l.size());
            l.forEach(out::putInt);
        });
        out.putInt(-1);
        byte[] r = new byte[out.position()];
        System.arraycopy(out.array(), 0, r, 0, r.length);
        return r;
    }

    private ConsumerProtocol() {}
}
