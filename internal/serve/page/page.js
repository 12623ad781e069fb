// No validator: it is another host, and would be told the address of this API.
// The token is kept by the page alone and forgotten with it.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  persistAuthorization: false,
  tryItOutEnabled: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  deepLinking: false,
});
