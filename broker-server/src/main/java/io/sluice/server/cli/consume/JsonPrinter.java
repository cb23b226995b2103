package io.sluice.server.cli.consume;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.cli.client.RecordFields;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Prints a JSON object a line. It names the exact bytes of the record, and the broker takes it back as it is. */
final class JsonPrinter implements RecordPrinter {
    private static final int BUFFER_BYTES = 256 * 1024;

    private final JsonGenerator json;
    private final RecordFields fields;
    private final boolean withTopic;
    private final boolean withOffset;

    /**
     * @param withTopic whether to print the topic's name
     * @param withOffset whether to print where the record lies; {@code produce --ndjson} takes lines without both
     */
    JsonPrinter(OutputStream out, boolean withTopic, boolean withOffset) throws IOException {
        this.json = new JsonFactory()
                .createGenerator(new BufferedOutputStream(out, BUFFER_BYTES))
                .setRootValueSeparator(new SerializedString(""));
        this.fields = new RecordFields(json);
        this.withTopic = withTopic;
        this.withOffset = withOffset;
    }

    @Override
    public void print(String topic, int partition, RecordCursor record) throws IOException {
        json.writeStartObject();
        if (withTopic) {
            json.writeStringField("topic", topic);
        }
        json.writeNumberField("partition", partition);
        if (withOffset) {
            json.writeNumberField("offset", record.offset());
        }
        json.writeNumberField("timestamp", record.timestamp());
        fields.write(record);
        json.writeEndObject();
        json.writeRaw('\n');
    }

    @Override
    public void flush() throws IOException {
        json.flush();
    }
}
