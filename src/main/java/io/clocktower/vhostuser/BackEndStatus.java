package io.clocktower.vhostuser;

import java.util.List;

/**
 * What a connected front-end has set up, at a moment.
 *
 * @param features the negotiated feature bits, vhost-user's own included
 * @param isRunning whether a ring is running
 */
public record BackEndStatus(Peer peer, long features, long protocolFeatures, int memoryRegions, boolean isRunning,
        List<VringStatus> vrings) {}
