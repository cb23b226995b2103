package io.sluice.server.http.cloudevents;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What CloudEvents 1.0 says of attributes: which there are and what they may hold. */
final class Attributes {
    static final String SPECVERSION = "specversion";
    static final String ID = "id";
    static final String SOURCE = "source";
    static final String TYPE = "type";
    static final String DATACONTENTTYPE = "datacontenttype";
    static final String PARTITIONKEY = "partitionkey";
    /** Without these nothing is an event. */
    static final List<String> REQUIRED = List.of(SPECVERSION, ID, SOURCE, TYPE);
    /** The one version that is taken. */
    static final String VERSION = "1.0";

    /** RFC 3339, in the shape at least; whether there is such a day is for the calendar to say. */
    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?\\d*([Zz]|[+-]\\d\\d:\\d\\d)");

    private static final Pattern MEDIA_TYPE =
            Pattern.compile("[!#-'*+.0-9A-Z^_`a-z|~-]+/[!#-'*+.0-9A-Z^_`a-z|~-]+\\s*(;.*)?");

    private Attributes() {}

    /** Why nothing may be called so; empty if it may. */
    static Optional<String> faultOfName(String name) {
        if (name.isEmpty() || !name.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9')) {
            return Optional.of(
                    "is not the name of an attribute: those have letters from a to z, in lower case, and digits");
        }
        return name.equals("data")
                ? Optional.of("is not the name of an attribute: the body is the data")
                : Optional.empty();
    }

    /** Why an attribute may not have this value; empty if it may. */
    static Optional<String> faultOf(String name, String value) {
        int control =
                value.codePoints().filter(Attributes::isForbidden).findFirst().orElse(-1);
        if (control >= 0) {
            return Optional.of("holds U+%04X, a control character or none at all".formatted(control));
        }
        return switch (name) {
            case SPECVERSION ->
                value.equals(VERSION)
                        ? Optional.empty()
                        : Optional.of("is \"" + shown(value) + "\", only 1.0 is taken");
            case ID, TYPE, "subject" -> value.isEmpty() ? Optional.of("must not be empty") : Optional.empty();
            case SOURCE -> uri(value).isPresent() ? Optional.empty() : Optional.of(not(value, "a URI-reference"));
            case "dataschema" ->
                uri(value).filter(URI::isAbsolute).isPresent()
                        ? Optional.empty()
                        : Optional.of(not(value, "an absolute URI"));
            case "time" ->
                isTime(value) ? Optional.empty() : Optional.of(not(value, "a time like 2026-01-31T12:00:00Z"));
            case DATACONTENTTYPE ->
                MEDIA_TYPE.matcher(value).matches()
                        ? Optional.empty()
                        : Optional.of(not(value, "a media type like application/json"));
            default -> Optional.empty();
        };
    }

    /** Whether data of this type is JSON: its subtype is json or ends with +json. */
    static boolean isJson(String mediaType) {
        String type = withoutParameters(mediaType);
        return type.endsWith("/json") || type.endsWith("+json");
    }

    /** Whether the text of this type is in UTF-8, as far as the type says. */
    static boolean isUtf8(String mediaType) {
        String lower = mediaType.toLowerCase(Locale.ROOT);
        int at = lower.indexOf("charset=");
        if (at < 0) {
            return true;
        }
        String charset = lower.substring(at + "charset=".length()).replace("\"", "");
        return charset.startsWith("utf-8") || charset.startsWith("utf8") || charset.startsWith("us-ascii");
    }

    /** A media type in lower case, without its parameters. */
    static String withoutParameters(String mediaType) {
        int semicolon = mediaType.indexOf(';');
        return (semicolon < 0 ? mediaType : mediaType.substring(0, semicolon))
                .trim()
                .toLowerCase(Locale.ROOT);
    }

    /** Control characters, halves of characters, and what Unicode keeps free for ever. */
    private static boolean isForbidden(int c) {
        return c < 0x20
                || c >= 0x7f && c <= 0x9f
                || c >= 0xd800 && c <= 0xdfff
                || c >= 0xfdd0 && c <= 0xfdef
                || (c & 0xfffe) == 0xfffe;
    }

    private static boolean isTime(String value) {
        var match = TIME.matcher(value);
        if (!match.matches()) {
            return false;
        }
        try {
            String fraction = match.group(1);
            OffsetDateTime.parse(value.substring(0, 19) + (fraction == null ? "" : fraction) + match.group(2));
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static Optional<URI> uri(String value) {
        try {
            return value.isEmpty() ? Optional.empty() : Optional.of(new URI(value));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static String not(String value, String what) {
        return value.isEmpty() ? "must not be empty" : "is \"" + shown(value) + "\", not " + what;
    }

    private static String shown(String value) {
        return value.length() <= 64 ? value : value.substring(0, 64) + "…";
    }
}
