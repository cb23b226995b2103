package io.sluice.server.clients;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One connection, from its beginning to its end. What changes with every request is written by the connection's event loop alone
 * and costs no lock and no memory; what it is subscribed to changes seldom, and on any thread. Anybody may look.
 */
public final class Client {
    /** How many subscriptions are remembered; beyond that the oldest goes, of those to queues if there are any. */
    public static final int MAX_SUBSCRIPTIONS = 64;

    /** How long a text may be that a client says of itself; the rest is cut off. */
    static final int MAX_CHARS = 256;

    /** How a client speaks to the broker. */
    public enum Protocol {
        HTTP,
        KAFKA
    }

    /** A subscription in the registry's index. */
    static final class Entry {
        private final Client client;
        private final Subscription subscription;
        /** Whether the member it is of has come by another connection since. */
        private volatile boolean elsewhere;

        /** What its filters have done; written by whoever serves the member. */
        private volatile Filtering filtering;

        private Entry(Client client, Subscription subscription) {
            this.client = client;
            this.subscription = subscription;
            this.filtering = new Filtering(subscription.filters(), 0, 0, client.clock.millis());
        }

        Filtering filtering() {
            return filtering;
        }

        /** Goes on where the member's entry by another connection has ended. */
        void follows(Entry before) {
            if (before.subscription.filters().equals(subscription.filters())) {
                filtering = before.filtering;
            }
        }

        Client client() {
            return client;
        }

        Subscription subscription() {
            return subscription;
        }

        void movedElsewhere() {
            elsewhere = true;
        }
    }

    private static final Entry[] NONE = {};

    private final ClientRegistry registry;
    private final InstantSource clock;
    private final long id;
    private final Protocol protocol;
    private final String remote;
    private final String local;
    private final long connectedAtMs;
    private final Runnable close;
    private final RecentNames produced = new RecentNames();
    private final RecentNames fetched = new RecentNames();

    private volatile String softwareName = "";
    private volatile String softwareVersion = "";
    private volatile String clientId = "";
    // Written by the event loop alone: a release costs it no more than a plain write.
    private final AtomicLong activeAtMs;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLong receivedBytes = new AtomicLong();
    private final AtomicLong sentBytes = new AtomicLong();

    private volatile boolean closed;
    /** In the order in which they came; changed under the lock, and never in place. */
    private volatile Entry[] entries = NONE;

    private volatile boolean forgetful;

    Client(
            ClientRegistry registry,
            InstantSource clock,
            long id,
            Protocol protocol,
            String remote,
            String local,
            Runnable close) {
        this.registry = registry;
        this.clock = clock;
        this.id = id;
        this.protocol = protocol;
        this.remote = remote;
        this.local = local;
        this.close = close;
        this.connectedAtMs = clock.millis();
        this.activeAtMs = new AtomicLong(connectedAtMs);
    }

    // ---- what its event loop says ----

    /** The client's library and its version, or empty. */
    public void software(String name, String version) {
        softwareName = cut(name);
        softwareVersion = cut(version);
    }

    /** What the client calls itself. */
    public void clientId(String name) {
        if (!clientId.equals(name)) {
            clientId = cut(name);
        }
    }

    private static String cut(String text) {
        return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS);
    }

    /** Something has come or gone just now. */
    public void active() {
        activeAtMs.setRelease(clock.millis());
    }

    /** How many requests wait for their answers. */
    public void inFlight(int count) {
        inFlight.setRelease(count);
    }

    /** So many bytes have come. */
    public void received(long bytes) {
        receivedBytes.setRelease(receivedBytes.getPlain() + bytes);
        active();
    }

    /** So many bytes are on their way to it. */
    public void sent(long bytes) {
        sentBytes.setRelease(sentBytes.getPlain() + bytes);
        active();
    }

    /** It has sent records for a topic. */
    public void produced(String topic) {
        produced.add(topic);
    }

    /** It has asked for records of a topic. */
    public void fetched(String topic) {
        fetched.add(topic);
    }

    /** What it is going to ask for is something else than it was. */
    public void fetchesAnew() {
        fetched.clear();
    }

    /** A request of it was answered with an error of the broker's own; see {@link ClientRegistry.Failures}. Safe on any thread. */
    public void failed(String code, String where, String message) {
        registry.failures().failed(this, code, where, message);
    }

    /** The connection has ended. */
    public void closed() {
        registry.closed(this);
    }

    // ---- what it is subscribed to ----

    /**
     * It reads something from now on. Safe on any thread.
     *
     * <p>A subscription for a member takes the place of the one that the client had for that member, and the member is from now on
     * this client, whichever it was before. A connection of Kafka's is one member of a group at a time.
     */
    public synchronized void subscribed(Subscription subscription) {
        if (closed) {
            return;
        }
        List<Entry> all = new ArrayList<>();
        for (Entry entry : entries) {
            if (isReplaced(entry.subscription, subscription)) {
                registry.unbind(entry);
            } else {
                all.add(entry);
            }
        }
        Entry entry = new Entry(this, subscription);
        all.add(entry);
        registry.bind(entry);
        if (all.size() > MAX_SUBSCRIPTIONS) {
            registry.unbind(all.remove(leastMissed(all)));
            forgetful = true;
        }
        entries = all.toArray(NONE);
    }

    /** A consumer of a queue says again who it is when it asks for more; a group would not know where its member is. */
    private static int leastMissed(List<Entry> all) {
        for (int i = 0; i < all.size(); i++) {
            if (!all.get(i).subscription.queue().isEmpty()) {
                return i;
            }
        }
        return 0;
    }

    private boolean isReplaced(Subscription before, Subscription now) {
        boolean sameGroup = !now.group().isEmpty() && before.group().equals(now.group());
        return sameGroup && (protocol == Protocol.KAFKA || before.member().equals(now.member()));
    }

    /**
     * It does not read that any more. Safe on any thread. Only what was {@link #subscribed} with this very object ends: another
     * subscription for the same member may have taken its place.
     */
    public void unsubscribed(Subscription subscription) {
        for (Entry entry : entries) {
            if (entry.subscription == subscription) {
                remove(entry);
                return;
            }
        }
    }

    /**
     * It is a member of a group, and speaks for it just now. What was said of the member's topics and filters stays. Safe on any
     * thread; nothing happens if it is known.
     *
     * @param member the member, or empty if it commits for the group and is none
     */
    public void member(String group, String member) {
        Entry known = find(group, member);
        if (known == null) {
            subscribed(new Subscription(group, member, List.of(), List.of()));
        } else if (known.elsewhere) {
            subscribed(known.subscription);
        }
    }

    /** As {@link #member}, for a member that says each time which topics it wants. */
    public void member(String group, String member, List<String> topics) {
        member(group, member, topics, List.of());
    }

    /** As {@link #member}, for a member that says each time which topics it wants and which of their records. */
    public void member(String group, String member, List<String> topics, List<String> filters) {
        Entry known = find(group, member);
        if (known == null || known.elsewhere || !known.subscription.asks(topics, filters)) {
            subscribed(new Subscription(group, member, topics, filters));
        }
    }

    /** It asks for messages of a queue, in the name of a consumer. Safe on any thread; nothing happens if it is known. */
    public void receives(String queue, String consumer) {
        for (Entry entry : entries) {
            if (entry.subscription.queue().equals(queue)
                    && entry.subscription.member().equals(consumer)) {
                return;
            }
        }
        subscribed(Subscription.ofQueue(queue, consumer));
    }

    /** A consumer of a queue has left, whoever speaks for it and by whichever connections it asked. Safe on any thread. */
    public void receivesNoMore(String queue, String consumer) {
        registry.receivers(queue, consumer).forEach(entry -> entry.client.remove(entry));
    }

    /** The filters of a member have let so many records pass, and have left out so many. On the client's event loop. */
    public void filtered(String group, String member, long passed, long excluded) {
        Entry known = find(group, member);
        if (known != null) {
            known.filtering = known.filtering.and(passed, excluded);
        }
    }

    private Entry find(String group, String member) {
        for (Entry entry : entries) {
            if (entry.subscription.is(group, member)) {
                return entry;
            }
        }
        return null;
    }

    /** A member has left its group, whoever speaks for it. Safe on any thread. */
    public void left(String group, String member) {
        registry.find(group, member).ifPresent(entry -> entry.client.remove(entry));
    }

    private synchronized void remove(Entry gone) {
        List<Entry> all = new ArrayList<>(List.of(entries));
        if (all.remove(gone)) {
            registry.unbind(gone);
            entries = all.toArray(NONE);
        }
    }

    /** Whatever comes after this is nothing any more. */
    synchronized void end() {
        closed = true;
        for (Entry entry : entries) {
            registry.unbind(entry);
        }
        entries = NONE;
    }

    // ---- what anybody may ask ----

    /** Its number: they are given out in the order in which connections come, from 1 in each run of the broker. */
    public long id() {
        return id;
    }

    public Protocol protocol() {
        return protocol;
    }

    /** Where it is. */
    public String remote() {
        return remote;
    }

    /** Where it is, without the port. */
    public String host() {
        int port = remote.lastIndexOf(':');
        return port < 0 ? remote : remote.substring(0, port);
    }

    /** The address of ours that it reached. */
    public String local() {
        return local;
    }

    /** Since when it is connected, in ms since the epoch. */
    public long connectedAtMs() {
        return connectedAtMs;
    }

    /** The client's library; empty if it has not said. */
    public String softwareName() {
        return softwareName;
    }

    /** The version of the client's library; empty if it has not said. */
    public String softwareVersion() {
        return softwareVersion;
    }

    /** What it calls itself; empty if it has not said. */
    public String clientId() {
        return clientId;
    }

    /** When bytes last came from it or were sent to it, in ms since the epoch. */
    public long activeAtMs() {
        return activeAtMs.getAcquire();
    }

    /** How many of its requests wait for their answers. */
    public int inFlight() {
        return inFlight.getAcquire();
    }

    public long receivedBytes() {
        return receivedBytes.getAcquire();
    }

    public long sentBytes() {
        return sentBytes.getAcquire();
    }

    /** The topics it has sent records for, the last few. */
    public List<String> producedTopics() {
        return produced.list();
    }

    /** The topics it has asked for records of, the last few. */
    public List<String> fetchedTopics() {
        return fetched.list();
    }

    /** What it is subscribed to; without the members that have come by other connections since. */
    public List<Subscription> subscriptions() {
        List<Subscription> all = new ArrayList<>();
        for (Entry entry : entries) {
            if (!entry.elsewhere) {
                all.add(entry.subscription);
            }
        }
        return all;
    }

    /** Whether it was subscribed to more than is remembered. */
    public boolean isForgetful() {
        return forgetful;
    }

    /** Whether it has to do with a topic: reads it, writes to it, or has said that it will. */
    public boolean isAbout(String topic) {
        for (Entry entry : entries) {
            if (!entry.elsewhere && entry.subscription.topics().contains(topic)) {
                return true;
            }
        }
        return produced.contains(topic) || fetched.contains(topic);
    }

    /** Ends the connection, whatever is under way. Safe on any thread. */
    public void close() {
        close.run();
    }
}
