package io.clocktower.hosted;

import java.util.Optional;

/** Where connections outlive this process. Thread-safe; not for an event loop. */
public interface ConnectionStore {

    /** Keeps nothing. */
    ConnectionStore NONE = new ConnectionStore() {

        @Override
        public Optional<KeptConnection> take(String device) {
            return Optional.empty();
        }

        @Override
        public Place place(String device) {
            return Place.NONE;
        }
    };

    /** What an earlier process left of a device's connection, which is the caller's; once. */
    Optional<KeptConnection> take(String device);

    /** Where the connections of a device are kept, one after another. */
    Place place(String device);

    /** The place of one device's connection. Its methods are for the device's loop, and do not block. */
    interface Place {

        /** Keeps nothing. */
        Place NONE = new Place() {

            @Override
            public void invalidate() {
                // Nothing is kept.
            }

            @Override
            public void keep(KeptConnection connection) {
                connection.frontEnd().close();
            }

            @Override
            public Optional<String> failure() {
                return Optional.empty();
            }

            @Override
            public boolean isLeaving() {
                return false;
            }

            @Override
            public void forget() {
                // Nothing is kept.
            }

            @Override
            public void close() {
                // Nothing is kept.
            }
        };

        /**
         * The connection is about to differ from what is kept of it, which no process must go on from then: the front-end may
         * wait for an answer that this one owes.
         */
        void invalidate();

        /**
         * Keeps the connection as it is now, soon.
         *
         * @param connection whose descriptors become the place's
         */
        void keep(KeptConnection connection);

        /** Why the connection is not kept, if it could not be. */
        Optional<String> failure();

        /** Whether the service ends, and connections are to outlive it. */
        boolean isLeaving();

        /** There is no connection any more, or another process has it. */
        void forget();

        /** The device is removed. */
        void close();
    }
}
