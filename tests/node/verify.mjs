// The official Node SDK: a link whose sign-in the app confirms, and the app's word. Prints what it saw.
//   verify.mjs link CONNECTION IDENTIFIER VERIFY_URL STATE
//   verify.mjs verify AUTH_REQUEST_ID IDENTIFIER
//   verify.mjs static CONNECTION IDENTIFIER USERNAME PASSWORD
import { ScalekitClient } from "@scalekit-sdk/node";

const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const [, , what, ...given] = process.argv;
const { actions } = new ScalekitClient(url, id, secret);
let seen = {};

if (what === "link") {
  const [connectionName, identifier, userVerifyUrl, state] = given;
  seen.link = (await actions.getAuthorizationLink({ connectionName, identifier, userVerifyUrl, state })).link;
} else if (what === "verify") {
  const [authRequestId, identifier] = given;
  try {
    seen.url = (await actions.verifyConnectedAccountUser({ authRequestId, identifier })).postUserVerifyRedirectUrl;
  } catch (error) {
    seen.raised = { class: error.constructor.name, text: error.message };
  }
} else {
  const [connectionName, identifier, username, password] = given;
  const authorizationDetails = { details: { case: "staticAuth", value: { details: { username, password } } } };
  const made = await actions.createConnectedAccount({ connectionName, identifier, authorizationDetails });
  seen.status = made.connectedAccount.status;
  const read = await actions.getConnectedAccount({ connectionName, identifier });
  seen.details = read.connectedAccount.authorizationDetails.details.value.details;
}
console.log(JSON.stringify(seen));
