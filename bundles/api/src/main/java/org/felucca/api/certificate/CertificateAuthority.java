package org.felucca.api.certificate;

import java.util.List;
import org.felucca.api.EngineException;
import org.osgi.annotation.versioning.ProviderType;

/** Makes certificates. Each call takes a second or two and blocks meanwhile. */
@ProviderType
public interface CertificateAuthority {
  /**
   * Makes the authority and a certificate for the engine.
   *
   * @param names by which clients reach the engine: host names and addresses; with none, this
   *     machine's host name; localhost and its addresses are always among them
   * @return the engine's
   * @throws EngineException ALREADY_EXISTS if there is an authority; it is left alone
   */
  Certificate init(List<String> names);

  /**
   * Makes a new certificate for the engine, which takes it without a restart.
   *
   * @param names as of {@link #init}
   * @throws EngineException FAILED_PRECONDITION if there is no authority yet
   */
  Certificate server(List<String> names);

  /**
   * Makes a certificate for a client, which replaces an earlier one of that name.
   *
   * @param name letters, digits and . _ - ; the subject is {@code CN=name}
   * @throws EngineException INVALID_ARGUMENT for another name, FAILED_PRECONDITION if there is no
   *     authority yet
   */
  Certificate client(String name);
}
