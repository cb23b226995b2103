package io.sluice.server.http.json;

import java.nio.charset.StandardCharsets;

/**
 * Checks whether bytes are one JSON text as RFC 8259 has it, in UTF-8, without building anything. Takes the bytes in as
 * many pieces as they come and costs the same few bytes for a text of any length. For use by one thread.
 *
 * <p>A pushdown automaton: the state says what may come next, the stack is one bit per open array or object.
 */
public final class JsonBytes {
    /** How many arrays and objects may be open at once; a text that nests deeper does not count as JSON here. */
    public static final int MAX_DEPTH = 512;

    private static final int FAILED = 0;
    private static final int VALUE = 1;
    /** After {@code [}: a value or the end. */
    private static final int FIRST_ELEMENT = 2;
    /** After <code>{</code>: a name or the end. */
    private static final int FIRST_NAME = 3;

    private static final int NAME = 4;
    private static final int COLON = 5;
    /** After a value: a comma, the end of what is open, or the end of the text. */
    private static final int AFTER = 6;

    private static final int STRING = 7;
    private static final int ESCAPE = 8;
    private static final int HEX = 9;
    private static final int UTF8 = 10;
    private static final int LITERAL = 11;
    private static final int MINUS = 12;
    /** After a leading zero, which no digit may follow. */
    private static final int ZERO = 13;

    private static final int DIGITS = 14;
    private static final int POINT = 15;
    private static final int FRACTION = 16;
    private static final int EXPONENT = 17;
    private static final int EXPONENT_SIGN = 18;
    private static final int EXPONENT_DIGITS = 19;

    private static final byte[] TRUE = {'t', 'r', 'u', 'e'};
    private static final byte[] FALSE = {'f', 'a', 'l', 's', 'e'};
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    private final long[] objects = new long[MAX_DEPTH / Long.SIZE];
    private final Utf8 utf8 = new Utf8();
    private final byte[] single = new byte[1];
    private int state = VALUE;
    private int depth;
    /** Whether the string at hand is the name of a member. */
    private boolean inName;
    /** Hex digits of an escape still to come. */
    private int hexLeft;

    private byte[] literal = NULL;
    private int literalAt;

    /** Forgets everything that was fed. */
    public void reset() {
        state = VALUE;
        depth = 0;
    }

    /** Whether these bytes are a whole JSON text; forgets what was fed before. */
    public boolean isJson(byte[] bytes, int from, int to) {
        reset();
        return feed(bytes, from, to) && isComplete();
    }

    /** Whether everything that was fed is one whole JSON text. */
    public boolean isComplete() {
        return depth == 0
                && (state == AFTER
                        || state == ZERO
                        || state == DIGITS
                        || state == FRACTION
                        || state == EXPONENT_DIGITS);
    }

    /**
     * Takes the next bytes.
     *
     * @return false as soon as nothing can follow that would make it JSON
     */
    public boolean feed(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to && state != FAILED) {
            byte b = bytes[at];
            switch (state) {
                case STRING -> {
                    while (at < to && (b = bytes[at]) >= 0x20 && b != '"' && b != '\\') {
                        at++;
                    }
                    if (at < to) {
                        inString(b);
                        at++;
                    }
                }
                case UTF8 -> {
                    continueCharacter(b);
                    at++;
                }
                case ESCAPE -> {
                    escape(b);
                    at++;
                }
                case HEX -> {
                    hex(b);
                    at++;
                }
                case LITERAL -> {
                    literal(b);
                    at++;
                }
                case MINUS, ZERO, DIGITS, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS -> {
                    // The byte that ends a number belongs to what follows it.
                    if (number(b)) {
                        at++;
                    }
                }
                default -> {
                    if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                        structure(b);
                    }
                    at++;
                }
            }
        }
        return state != FAILED;
    }

    int state() {
        return state;
    }

    /** What may come in a state, for a person; the rest is as it was in that state. */
    String expected(int inState) {
        return switch (inState) {
            case VALUE -> "a value";
            case FIRST_ELEMENT -> "a value or ]";
            case FIRST_NAME -> "a name in quotes or }";
            case NAME -> "a name in quotes";
            case COLON -> "a colon";
            case HEX -> "a hexadecimal digit";
            case ESCAPE -> "one of \" \\ / b f n r t u";
            case LITERAL -> "the rest of " + new String(literal, StandardCharsets.US_ASCII);
            case MINUS, POINT, EXPONENT, EXPONENT_SIGN -> "a digit";
            case STRING, UTF8 -> "the end of a string";
            default -> depth == 0 ? "the end" : inObject() ? "a comma or }" : "a comma or ]";
        };
    }

    /** Why a byte that failed in a state cannot be there, for a person. */
    String fault(int inState, byte b) {
        boolean opens = (b == '{' || b == '[') && (inState == VALUE || inState == FIRST_ELEMENT);
        if (opens) {
            return "arrays and objects nest deeper than " + MAX_DEPTH + " levels";
        }
        if (inState == UTF8 || b < 0) {
            return "the bytes are not UTF-8";
        }
        if (inState == STRING) {
            return shown(b) + " stands in a string; there it must be escaped";
        }
        if (inState == ZERO && b >= '0' && b <= '9') {
            return "a number begins with zero and goes on with " + (char) b;
        }
        return shown(b) + " stands where " + expected(inState) + " is expected";
    }

    private static String shown(byte b) {
        return b > ' ' && b < 0x7f ? "'" + (char) b + "'" : "byte 0x%02x".formatted(b & 0xff);
    }

    private void structure(byte b) {
        switch (state) {
            case VALUE -> value(b);
            case FIRST_ELEMENT -> {
                if (b == ']') {
                    pop();
                } else {
                    value(b);
                }
            }
            case FIRST_NAME -> {
                if (b == '}') {
                    pop();
                } else {
                    name(b);
                }
            }
            case NAME -> name(b);
            case COLON -> state = b == ':' ? VALUE : FAILED;
            default -> after(b);
        }
    }

    private void value(byte b) {
        switch (b) {
            case '{' -> push(true);
            case '[' -> push(false);
            case '"' -> {
                inName = false;
                state = STRING;
            }
            case 't' -> beginLiteral(TRUE);
            case 'f' -> beginLiteral(FALSE);
            case 'n' -> beginLiteral(NULL);
            case '-' -> state = MINUS;
            case '0' -> state = ZERO;
            default -> state = b >= '1' && b <= '9' ? DIGITS : FAILED;
        }
    }

    private void name(byte b) {
        inName = true;
        state = b == '"' ? STRING : FAILED;
    }

    private void after(byte b) {
        if (depth == 0) {
            state = FAILED;
        } else if (b == ',') {
            state = inObject() ? NAME : VALUE;
        } else if (b == (inObject() ? '}' : ']')) {
            pop();
        } else {
            state = FAILED;
        }
    }

    private void push(boolean object) {
        if (depth == MAX_DEPTH) {
            state = FAILED;
            return;
        }
        long bit = 1L << depth;
        if (object) {
            objects[depth >> 6] |= bit;
        } else {
            objects[depth >> 6] &= ~bit;
        }
        depth++;
        state = object ? FIRST_NAME : FIRST_ELEMENT;
    }

    private void pop() {
        depth--;
        state = AFTER;
    }

    private boolean inObject() {
        int top = depth - 1;
        return (objects[top >> 6] & (1L << top)) != 0;
    }

    /** A byte in a string that is not plain ASCII. */
    private void inString(byte b) {
        if (b == '"') {
            state = inName ? COLON : AFTER;
        } else if (b == '\\') {
            state = ESCAPE;
        } else if (b >= 0) {
            state = FAILED;
        } else {
            utf8.reset();
            continueCharacter(b);
        }
    }

    private void continueCharacter(byte b) {
        single[0] = b;
        utf8.feed(single, 0, 1);
        state = utf8.isFaulty() ? FAILED : utf8.isComplete() ? STRING : UTF8;
    }

    private void escape(byte b) {
        switch (b) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> state = STRING;
            case 'u' -> {
                hexLeft = 4;
                state = HEX;
            }
            default -> state = FAILED;
        }
    }

    private void hex(byte b) {
        boolean digit = b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F';
        state = !digit ? FAILED : --hexLeft == 0 ? STRING : HEX;
    }

    private void beginLiteral(byte[] word) {
        literal = word;
        literalAt = 1;
        state = LITERAL;
    }

    private void literal(byte b) {
        if (b != literal[literalAt]) {
            state = FAILED;
        } else if (++literalAt == literal.length) {
            state = AFTER;
        }
    }

    /** Takes a byte of a number, or returns false if the number has ended before it. */
    private boolean number(byte b) {
        boolean digit = b >= '0' && b <= '9';
        boolean exponent = b == 'e' || b == 'E';
        int next = switch (state) {
            case MINUS -> b == '0' ? ZERO : digit ? DIGITS : FAILED;
            case ZERO -> b == '.' ? POINT : exponent ? EXPONENT : digit ? FAILED : AFTER;
            case DIGITS -> digit ? DIGITS : b == '.' ? POINT : exponent ? EXPONENT : AFTER;
            case POINT -> digit ? FRACTION : FAILED;
            case FRACTION -> digit ? FRACTION : exponent ? EXPONENT : AFTER;
            case EXPONENT -> digit ? EXPONENT_DIGITS : b == '+' || b == '-' ? EXPONENT_SIGN : FAILED;
            case EXPONENT_SIGN -> digit ? EXPONENT_DIGITS : FAILED;
            default -> digit ? EXPONENT_DIGITS : AFTER;
        };
        state = next;
        return next != AFTER;
    }
}
