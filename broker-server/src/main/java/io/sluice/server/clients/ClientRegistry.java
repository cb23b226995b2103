package io.sluice.server.clients;

import io.sluice.server.clients.Client.Entry;
import io.sluice.server.clients.Client.Protocol;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/**
 * Every connection of every protocol, by its number; and by the members of groups and the consumers of queues that it speaks for. There are as many entries
 * as the listeners let connections in. Safe on any thread.
 */
public final class ClientRegistry {
    /** How many entries a page looks at before it ends, whether they match or not. */
    public static final int MAX_VISITED = 2_000;

    private final InstantSource clock;
    private final Failures failures;
    private final AtomicLong lastId = new AtomicLong();
    private final ConcurrentNavigableMap<Long, Client> clients = new ConcurrentSkipListMap<>();
    /** By group and then by member; a map in here is changed only inside {@code compute}. */
    private final ConcurrentHashMap<String, Map<String, Entry>> groups = new ConcurrentHashMap<>();

    /** By queue and consumer: one consumer may ask by several connections. A set in here is changed only inside {@code compute}. */
    private final ConcurrentHashMap<Receiver, Set<Entry>> receivers = new ConcurrentHashMap<>();

    private record Receiver(String queue, String consumer) {
        static Receiver of(Subscription subscription) {
            return new Receiver(subscription.queue(), subscription.member());
        }
    }

    /** Hears of what the broker could not do for a client, through no fault of the client's. */
    public interface Failures {
        /**
         * A request was answered with an error of the broker's own. On any thread.
         *
         * @param code the error's stable name
         * @param where the request
         * @param message what the client was told
         */
        void failed(Client client, String code, String where, String message);
    }

    public ClientRegistry(InstantSource clock) {
        this(clock, (client, code, where, message) -> {});
    }

    public ClientRegistry(InstantSource clock, Failures failures) {
        this.clock = clock;
        this.failures = failures;
    }

    Failures failures() {
        return failures;
    }

    /**
     * A connection begins. Whoever says so says too when it is {@link Client#closed()}.
     *
     * @param remote where the client is
     * @param local the address of ours that it reached
     * @param close ends the connection, on any thread
     */
    public Client connected(Protocol protocol, String remote, String local, Runnable close) {
        Client client = new Client(this, clock, lastId.incrementAndGet(), protocol, remote, local, close);
        clients.put(client.id(), client);
        return client;
    }

    void closed(Client client) {
        clients.remove(client.id());
        client.end();
    }

    /** One connection, if it is still there. */
    public Optional<Client> find(long id) {
        return Optional.ofNullable(clients.get(id));
    }

    /**
     * Some connections, in the order of their numbers.
     *
     * @param clients those that match
     * @param next the number behind which the next page begins; empty if there is nothing more
     * @param visited how many entries were looked at
     */
    public record Page(List<Client> clients, OptionalLong next, int visited) {
        public Page {
            clients = List.copyOf(clients);
        }
    }

    /**
     * The next connections that match. A page looks at no more than {@link #MAX_VISITED} entries, so that it may be shorter than
     * asked for, and even empty, though there are more.
     *
     * @param after the number behind which it begins, 0 for the first
     * @param limit how many at most
     */
    public Page page(long after, int limit, Predicate<Client> matches) {
        return page(clients.tailMap(after, false).values(), limit, matches);
    }

    /** The next connections that speak for members of a group, as {@link #page(long, int, Predicate)}; nobody else is looked at. */
    public Page page(String group, long after, int limit, Predicate<Client> matches) {
        List<Client> behind = members(group).values().stream()
                .map(Membership::client)
                .filter(client -> client.id() > after)
                .distinct()
                .sorted(Comparator.comparingLong(Client::id))
                .toList();
        return page(behind, limit, matches);
    }

    private static Page page(Iterable<Client> inOrder, int limit, Predicate<Client> matches) {
        List<Client> page = new ArrayList<>();
        int visited = 0;
        long last = 0;
        for (Client client : inOrder) {
            if (page.size() == limit || visited == MAX_VISITED) {
                return new Page(page, OptionalLong.of(last), visited);
            }
            visited++;
            last = client.id();
            if (matches.test(client)) {
                page.add(client);
            }
        }
        return new Page(page, OptionalLong.empty(), visited);
    }

    /**
     * A member of a group, as its connection has it.
     *
     * @param client the connection by which the member last spoke
     * @param subscription what was said of the member there
     * @param filtering what the member's filters have done
     */
    public record Membership(Client client, Subscription subscription, Filtering filtering) {}

    /**
     * The members of a group that speak by connections that are there, by their names. A connection that commits for the group and
     * is no member has a name that no member has.
     */
    public Map<String, Membership> members(String group) {
        Map<String, Membership> members = new HashMap<>();
        groups.computeIfPresent(group, (name, entries) -> {
            entries.forEach((member, entry) ->
                    members.put(member, new Membership(entry.client(), entry.subscription(), entry.filtering())));
            return entries;
        });
        return members;
    }

    Optional<Entry> find(String group, String member) {
        AtomicReference<Entry> found = new AtomicReference<>();
        groups.computeIfPresent(group, (name, entries) -> {
            found.set(entries.get(member));
            return entries;
        });
        return Optional.ofNullable(found.get());
    }

    /** Where a consumer has asked for messages of a queue. */
    List<Entry> receivers(String queue, String consumer) {
        List<Entry> found = new ArrayList<>();
        receivers.computeIfPresent(new Receiver(queue, consumer), (receiver, entries) -> {
            found.addAll(entries);
            return entries;
        });
        return found;
    }

    void bind(Entry entry) {
        if (!entry.subscription().queue().isEmpty()) {
            receivers.compute(Receiver.of(entry.subscription()), (receiver, known) -> {
                Set<Entry> entries = known == null ? new HashSet<>() : known;
                entries.add(entry);
                return entries;
            });
            return;
        }
        if (entry.subscription().group().isEmpty()) {
            return;
        }
        groups.compute(entry.subscription().group(), (name, known) -> {
            Map<String, Entry> entries = known == null ? new HashMap<>() : known;
            Entry before = entries.put(keyOf(entry), entry);
            if (before != null) {
                entry.follows(before);
                before.movedElsewhere();
            }
            return entries;
        });
    }

    void unbind(Entry entry) {
        if (!entry.subscription().queue().isEmpty()) {
            receivers.computeIfPresent(Receiver.of(entry.subscription()), (receiver, entries) -> {
                entries.remove(entry);
                return entries.isEmpty() ? null : entries;
            });
            return;
        }
        groups.computeIfPresent(entry.subscription().group(), (name, entries) -> {
            entries.remove(keyOf(entry), entry);
            return entries.isEmpty() ? null : entries;
        });
    }

    private static String keyOf(Entry entry) {
        String member = entry.subscription().member();
        return member.isEmpty() ? "\0" + entry.client().id() : member;
    }
}
