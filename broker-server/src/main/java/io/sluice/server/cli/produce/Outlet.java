package io.sluice.server.cli.produce;

/** Takes records on their way to the broker. For the reading thread. */
interface Outlet {
    /** Lets go what has been collected so far, without waiting: the input is slow. */
    void flush();

    /**
     * Waits until everything is acknowledged.
     *
     * @throws io.sluice.server.cli.client.CliException if something could not be delivered
     */
    void drain() throws InterruptedException;
}
