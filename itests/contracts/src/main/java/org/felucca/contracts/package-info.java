/**
 * One abstract JUnit 5 suite per extension point. An implementation's test extends the suite of its
 * contract and says how an instance is made; whoever publishes an implementation of their own finds
 * here what the engine relies on.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.contracts;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
