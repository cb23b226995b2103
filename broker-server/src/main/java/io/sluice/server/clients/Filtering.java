package io.sluice.server.clients;

import java.util.List;

/**
 * What a member's filter has done since the member has it.
 *
 * @param filters as the client wrote them
 * @param passed how many records passed
 * @param excluded how many were left out
 * @param sinceMs since when there is the filter, in ms since the epoch
 */
public record Filtering(List<String> filters, long passed, long excluded, long sinceMs) {
    public Filtering {
        filters = List.copyOf(filters);
    }

    Filtering and(long morePassed, long moreExcluded) {
        return new Filtering(filters, passed + morePassed, excluded + moreExcluded, sinceMs);
    }
}
