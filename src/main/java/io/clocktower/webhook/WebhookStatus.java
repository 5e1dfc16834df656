package io.clocktower.webhook;

/**
 * What has become of a webhook's events so far.
 *
 * @param delivered how many its receiver accepted
 * @param failed how many its receiver refused, or did not accept in time
 * @param dropped how many made room for newer ones before they were tried
 * @param queued how many wait now, besides one that is being tried
 */
public record WebhookStatus(String name, long delivered, long failed, long dropped, int queued) {}
