package io.sluice.server.http.records;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What reading the records of a JSON produce request costs, before they are put into a batch. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class RecordParserBench {
    /** Records and bytes of each value. */
    @Param({"1x100", "100x100", "100x1024"})
    public String body;

    /** What the values are. */
    @Param({"text", "escaped", "object"})
    public String value;

    private final RecordParser parser = new RecordParser();
    private byte[] bytes;

    /** Writes the request. */
    @Setup
    public void write() {
        String[] parts = body.split("x");
        int length = Integer.parseInt(parts[1]);
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder json = new StringBuilder("{\"records\":[");
        for (int i = Integer.parseInt(parts[0]); i > 0; i--) {
            StringBuilder text = new StringBuilder();
            while (text.length() < length) {
                text.append((char) ('a' + random.nextInt(26)));
            }
            json.append("{\"key\":\"key-").append(i).append("\",\"value\":");
            switch (value) {
                case "escaped" ->
                    json.append('"').append(text.replace(0, 4, "\\n\\\"")).append('"');
                case "object" ->
                    json.append("{\"id\":")
                            .append(i)
                            .append(",\"text\":\"")
                            .append(text)
                            .append("\"}");
                default -> json.append('"').append(text).append('"');
            }
            json.append(i == 1 ? "}" : "},");
        }
        bytes = json.append("]}").toString().getBytes(StandardCharsets.UTF_8);
    }

    /** One request. */
    @Benchmark
    public int parse(Blackhole hole) {
        return parser.parseList(bytes, 0, bytes.length, (index, record) -> hole.consume(record.valueLength));
    }
}
