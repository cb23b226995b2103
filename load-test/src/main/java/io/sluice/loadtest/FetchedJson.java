package io.sluice.loadtest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.sluice.loadtest.target.MalformedAnswerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Takes out of a fetch's JSON answer what a load test needs of it, as cheaply as it goes. */
final class FetchedJson {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] NEXT_OFFSET = "\"next_offset\":".getBytes(StandardCharsets.US_ASCII);
    /** The fields after the records take less than this. */
    private static final int TAIL_BYTES = 256;

    /** Takes the records' values. */
    interface ValueVisitor {
        /** The text of a value; borrowed. */
        void value(char[] text, int from, int length);
    }

    private FetchedJson() {}

    /**
     * The offset to go on from. It is looked for at the end, after the records, so that a client that shares the machine
     * does not parse them all; only when it is not there is the answer read from the start.
     *
     * @throws MalformedAnswerException if there is none
     */
    static long nextOffset(ByteBuf body) {
        int from = Math.max(body.readerIndex(), body.writerIndex() - TAIL_BYTES);
        byte[] tail = ByteBufUtil.getBytes(body, from, body.writerIndex() - from);
        for (int at = tail.length - NEXT_OFFSET.length; at >= 0; at--) {
            if (startsWith(tail, at, NEXT_OFFSET)) {
                int digit = at + NEXT_OFFSET.length;
                long offset = 0;
                boolean any = false;
                while (digit < tail.length && tail[digit] >= '0' && tail[digit] <= '9') {
                    offset = offset * 10 + tail[digit++] - '0';
                    any = true;
                }
                if (any) {
                    return offset;
                }
            }
        }
        return visit(body, (text, start, length) -> {});
    }

    /**
     * Shows every record's text value.
     *
     * @return the offset to go on from
     * @throws MalformedAnswerException if the body is not a fetch's answer
     */
    static long visit(ByteBuf body, ValueVisitor visitor) {
        long next = -1;
        // The parser's bodies are heap buffers, so this is a view and no copy.
        try (JsonParser parser =
                JSON.createParser(body.array(), body.arrayOffset() + body.readerIndex(), body.readableBytes())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedAnswerException("a fetch's answer is not an object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken token = parser.nextToken();
                if (field.equals("records") && token == JsonToken.START_ARRAY) {
                    visitRecords(parser, visitor);
                } else if (field.equals("next_offset")) {
                    next = parser.getLongValue();
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw new MalformedAnswerException("a fetch's answer is not JSON");
        }
        if (next < 0) {
            throw new MalformedAnswerException("no next_offset in a fetch's answer");
        }
        return next;
    }

    private static void visitRecords(JsonParser parser, ValueVisitor visitor) throws IOException {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean value = parser.currentName().equals("value");
                JsonToken token = parser.nextToken();
                if (value && token == JsonToken.VALUE_STRING) {
                    visitor.value(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
                } else {
                    parser.skipChildren();
                }
            }
        }
    }

    private static boolean startsWith(byte[] text, int at, byte[] prefix) {
        for (int i = 0; i < prefix.length; i++) {
            if (text[at + i] != prefix[i]) {
                return false;
            }
        }
        return true;
    }
}
