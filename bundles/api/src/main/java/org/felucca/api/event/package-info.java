/**
 * What happened, in order. The log numbers every event durably; subscribers go on from a position
 * that they kept.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.event;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
