package org.felucca.api.update;

import java.util.List;

/**
 * What an update did.
 *
 * @param changed the bundles that were installed, replaced or removed, one line each
 * @param restarted the symbolic names of other bundles that were restarted because they import from
 *     a changed one
 * @param untouched how many running containers were left alone
 */
public record UpdateReport(List<String> changed, List<String> restarted, long untouched) {}
