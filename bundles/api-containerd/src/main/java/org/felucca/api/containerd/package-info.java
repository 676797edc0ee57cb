/**
 * containerd's gRPC API over Felucca's contracts: adapters only, one class a service.
 *
 * <p>Each service is an OSGi component that publishes a {@link io.grpc.BindableService}; the server
 * (bundle <i>grpc</i>) mounts it when it comes and drops it when it goes. A method is an ordinary
 * blocking function of the request and a {@link org.felucca.api.containerd.CallContext}, made into
 * gRPC's callbacks by {@link org.felucca.api.containerd.Methods}; it runs on a virtual thread that
 * is interrupted when the client gives up. Every way to a contract is an {@link
 * org.felucca.api.containerd.Entrance}.
 */
@NullMarked
package org.felucca.api.containerd;

import org.jspecify.annotations.NullMarked;
