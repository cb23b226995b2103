/** JSON as bytes: whether they are any, and where and why not. Builds nothing and knows nothing of records. */
package io.sluice.server.http.json;
