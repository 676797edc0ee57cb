/**
 * The gRPC server: sockets, and the way from a call to a service.
 *
 * <p>Every {@link io.grpc.BindableService} that is registered as an OSGi service is served, from
 * its registration to its departure, on all sockets; no connection notices. A service says its gRPC
 * name in the service property {@value org.felucca.grpc.Mounts#NAME}, and is then made by its first
 * call only; one that doesn't say it is asked.
 *
 * <p>The listening socket is not this bundle's: the launcher holds it, so that clients wait in the
 * kernel's queue while the bundle is replaced.
 */
@NullMarked
package org.felucca.grpc;

import org.jspecify.annotations.NullMarked;
