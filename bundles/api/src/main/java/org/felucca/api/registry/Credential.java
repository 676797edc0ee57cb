package org.felucca.api.registry;

/** What proves to a registry who somebody is. Its text never shows the secret. */
public sealed interface Credential {
  /**
   * A name and its password.
   *
   * @param username the name
   * @param password the password, or an access token where the registry takes one as such
   */
  record Basic(String username, String password) implements Credential {
    @Override
    public String toString() {
      return "Basic[" + username + "]";
    }
  }

  /**
   * An identity token: an OAuth 2 refresh token, for which the registry's token server gives access
   * tokens.
   *
   * @param token the token
   */
  record IdentityToken(String token) implements Credential {
    @Override
    public String toString() {
      return "IdentityToken";
    }
  }

  /**
   * An access token that is sent as it is.
   *
   * @param token the token
   */
  record AccessToken(String token) implements Credential {
    @Override
    public String toString() {
      return "AccessToken";
    }
  }

  /**
   * A ready value of the header {@code Authorization}.
   *
   * @param value the whole value
   */
  record Header(String value) implements Credential {
    @Override
    public String toString() {
      return "Header";
    }
  }
}
