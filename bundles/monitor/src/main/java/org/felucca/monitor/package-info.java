/**
 * What the framework says of itself, in the log: entries of the OSGi log service, and, when the
 * engine does not get ready, which component waits for which missing service. It starts first and
 * needs nothing but the framework: also when declarative services do not run, it can say so.
 */
@NullMarked
package org.felucca.monitor;

import org.jspecify.annotations.NullMarked;
