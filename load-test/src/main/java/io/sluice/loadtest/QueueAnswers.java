package io.sluice.loadtest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.buffer.ByteBuf;
import io.sluice.loadtest.target.MalformedAnswerException;
import java.io.IOException;
import java.util.function.LongConsumer;

/** Takes out of the answers of a queue what a load test needs of them. */
final class QueueAnswers {
    private static final JsonFactory JSON = new JsonFactory();

    private QueueAnswers() {}

    /** What is done with a member of an answer; the parser stands at its value. */
    private interface Member {
        void read(String name, JsonParser parser) throws IOException;
    }

    /**
     * The leases that a receive gave, as JSON: {@code "…","…"}.
     *
     * @param sentNs shown the intended send time of each message whose value begins with one
     * @param count filled with how many messages there are
     * @throws MalformedAnswerException if the body is not the answer of a receive
     */
    static String leases(ByteBuf body, LongConsumer sentNs, int[] count) {
        StringBuilder leases = new StringBuilder();
        count[0] = 0;
        eachOf(body, "messages", (name, parser) -> {
            if (name.equals("lease")) {
                leases.append(count[0]++ == 0 ? "\"" : ",\"")
                        .append(parser.getText())
                        .append('"');
            } else if (name.equals("value") && parser.currentToken() == JsonToken.VALUE_STRING) {
                char[] text = parser.getTextCharacters();
                if (SendTimeStamp.isIn(text, parser.getTextOffset(), parser.getTextLength())) {
                    sentNs.accept(SendTimeStamp.decode(text, parser.getTextOffset()));
                }
            }
        });
        return leases.toString();
    }

    /**
     * How many leases an acknowledgement ended.
     *
     * @throws MalformedAnswerException if the body is not the answer of an ack
     */
    static int acknowledged(ByteBuf body) {
        int[] count = new int[1];
        eachOf(body, "results", (name, parser) -> {
            if (name.equals("ok") && parser.currentToken() == JsonToken.VALUE_TRUE) {
                count[0]++;
            }
        });
        return count[0];
    }

    /** Shows every member of every object in an array that is a member of the body. */
    private static void eachOf(ByteBuf body, String array, Member member) {
        boolean found = false;
        // The parser's bodies are heap buffers, so this is a view and no copy.
        try (JsonParser parser =
                JSON.createParser(body.array(), body.arrayOffset() + body.readerIndex(), body.readableBytes())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedAnswerException("a queue's answer is not an object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean isIt = parser.currentName().equals(array);
                if (parser.nextToken() == JsonToken.START_ARRAY && isIt) {
                    found = true;
                    while (parser.nextToken() == JsonToken.START_OBJECT) {
                        members(parser, member);
                    }
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw new MalformedAnswerException("a queue's answer is not JSON");
        }
        if (!found) {
            throw new MalformedAnswerException("no " + array + " in a queue's answer");
        }
    }

    private static void members(JsonParser parser, Member member) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            member.read(name, parser);
            parser.skipChildren();
        }
    }
}
