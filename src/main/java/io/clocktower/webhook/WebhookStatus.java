package io.clocktower.webhook;

/**
 * What happened to the events of a webhook since the start.
 *
 * @param delivered how many its receiver accepted
 * @param failed how many its receiver refused, or did not accept in time
 * @param dropped how many were dropped for newer ones without an attempt
 * @param queued how many are waiting now, without the one that is being sent
 */
public record WebhookStatus(String name, long delivered, long failed, long dropped, int queued) {}
